//! Breadcrumbs: the names of the last calls at info and above, told with an error. What led there.

use super::pen::Pen;
use crate::Level;

const CRUMBS: usize = 20;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Crumbs {
    names: [&'static str; CRUMBS],
    /// How many were dropped in all.
    count: usize,
}

impl Crumbs {
    pub(super) fn leave(&mut self, level: Level, name: &'static str) {
        if level >= Level::Info {
            self.names[self.count % CRUMBS] = name;
            self.count += 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// `breadcrumbs":"ui.click ui.request"`, oldest first; the quote before it stands there already.
    pub(super) fn tell(&self, pen: &mut Pen<'_>) {
        pen.literal(b"breadcrumbs\":\"");
        let first = self.count.saturating_sub(CRUMBS);
        for number in first..self.count {
            if number > first {
                pen.byte(b' ');
            }
            pen.own(self.names[number % CRUMBS]);
        }
        pen.byte(b'"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_twenty_are_told_oldest_first() {
        let mut crumbs = Crumbs::default();
        crumbs.leave(Level::Debug, "ui.unheard");
        (0..20).for_each(|_| crumbs.leave(Level::Info, "ui.old"));
        crumbs.leave(Level::Warn, "ui.new");
        let mut page = [0; 400];
        let mut pen = Pen::new(&mut page);
        crumbs.tell(&mut pen);
        let length = pen.len();
        let told = String::from_utf8_lossy(&page[..length]).into_owned();
        assert_eq!(told, format!("breadcrumbs\":\"{}ui.new\"", "ui.old ".repeat(19)));
    }
}
