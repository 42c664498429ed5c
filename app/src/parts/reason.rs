//! Why somebody does something: stands in the audit log.

use leptos::prelude::*;

/// The field of a plain form. `is_wrong`: the form was refused for it.
pub fn reason_field(is_wrong: bool) -> impl IntoView {
    let invalid = is_wrong.then_some("true");
    view! {
        <label class="field long" data-invalid=invalid>"Why"<input class="input" name="reason" aria-invalid=invalid required maxlength="500" placeholder="stands in the audit log"/></label>
    }
}
