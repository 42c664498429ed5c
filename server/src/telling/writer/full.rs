//! What the writer does while the disk is full: records that must not wait go into the room that is kept for them, also
//! those that are told meanwhile; all others wait.

use std::sync::atomic::Ordering;

use super::{Collected, Writer};
use crate::store::telemetry::Group;
use crate::telling::queue::Numbered;

impl Writer {
    /// Writes what is urgent of the group and of what waits behind it, as far as there is room.
    pub(super) async fn write_urgent(&self, group: &mut Group) {
        if !self.keep(group).await {
            return;
        }
        loop {
            let items = self.teller.drain_protected();
            if items.is_empty() {
                return;
            }
            self.in_hand.fetch_add(items.iter().map(Numbered::count).sum(), Ordering::Relaxed);
            let mut commit = Collected::default();
            items.into_iter().for_each(|item| self.collect(&mut commit, item));
            let mut more = commit.inner.finish();
            let (lines, own) = more.lines();
            self.print(&lines, 0..own);
            let all = self.keep(&mut more).await;
            group.take_in(&more);
            // What is told now waits where it is bounded.
            if !all {
                return;
            }
        }
    }

    /// Whether everything urgent of it is there now.
    async fn keep(&self, group: &mut Group) -> bool {
        let (written, all) = self.store.append_urgent(group).await.unwrap_or((0, false));
        self.count(written, 0);
        all
    }
}
