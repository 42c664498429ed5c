//! Shows something while a condition holds. Like the framework's `Show`, but for the order of the end: `Show` takes the
//! signals of what it hides away at once, while what reads them is taken down a moment later. Whatever was woken by
//! the same change and lies deeper, an error boundary is deep enough, then reads a signal that is gone, which is a
//! trap: the page stands still. Here signals outlive everything that the change has woken.

use leptos::children::{ChildrenFn, ViewFn};
use leptos::prelude::*;
use leptos::tachys::reactive_graph::OwnedView;

#[component(transparent)]
pub fn When<W>(when: W, #[prop(optional, into)] fallback: ViewFn, children: ChildrenFn) -> impl IntoView
where
    W: Fn() -> bool + Send + Sync + 'static,
{
    // Not the closure's own, which is emptied before the closure runs anew. The view drops its owner after the
    // effects that wait have run.
    let outer = Owner::current().unwrap_or_default();
    let holds = ArcMemo::new(move |_| when());
    move || {
        let holds = holds.get();
        let owner = outer.with(Owner::new);
        let view = owner.with(|| if holds { children() } else { fallback.run() });
        OwnedView::new_with_owner(view, owner)
    }
}
