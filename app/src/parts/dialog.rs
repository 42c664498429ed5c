//! A dialog: lies below the strip and is no top-layer modal, so that PANIC stays reachable. Escape leaves it.

use leptos::ev;
use leptos::prelude::*;

use crate::platform;

/// `id` is that of its heading; the sentence that describes it has the id `{id}-consequence`.
#[component]
pub fn Dialog(
    id: &'static str,
    title: &'static str,
    /// The way out that changes nothing.
    leave: &'static str,
    on_leave: Callback<()>,
    children: Children,
) -> impl IntoView {
    Effect::new(move |_| request_animation_frame(move || platform::focus(&format!("#{id}"))));
    let escape = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" && !event.shift_key() {
            on_leave.run(());
        }
    };
    view! {
        <div class="dialog" on:keydown=escape>
            <section class="panel" role="dialog" aria-labelledby=id aria-describedby=format!("{id}-consequence")>
                <header>
                    <h2 id=id tabindex="-1">{title}</h2>
                    <span class="end"><button class="button quiet" type="button" on:click=move |_| on_leave.run(())>{leave}</button></span>
                </header>
                {children()}
            </section>
        </div>
    }
    .into_any()
}
