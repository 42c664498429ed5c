//! An island is painted by the server and worked by the browser: it finds what was painted and touches only what
//! changes. A view there as well would be code for every element and every kind of attribute.

#[cfg(not(feature = "hydrate"))]
use leptos::prelude::*;

use crate::platform::Place;

/// `paint` is the server's, `wake` the browser's.
#[cfg(not(feature = "hydrate"))]
pub fn painted<V: IntoView + 'static>(paint: impl FnOnce() -> V, _wake: impl FnOnce(Place)) -> AnyView {
    paint().into_any()
}

/// `paint` is the server's, `wake` the browser's.
#[cfg(feature = "hydrate")]
pub fn painted<V>(_paint: impl FnOnce() -> V, wake: impl FnOnce(Place)) -> woken::Woken {
    wake(Place::island());
    woken::Woken
}

#[cfg(feature = "hydrate")]
mod woken {
    use leptos::attr::Attribute;
    use leptos::attr::any_attribute::AnyAttribute;
    use leptos::prelude::{AddAnyAttr, Render, RenderHtml};
    use leptos::tachys::hydration::Cursor;
    use leptos::tachys::view::{Position, PositionState};

    /// The view of what stands in the page already: nothing is looked for and nothing is made.
    pub struct Woken;

    impl Render for Woken {
        type State = ();

        fn build(self) {}

        fn rebuild(self, _state: &mut ()) {}
    }

    impl AddAnyAttr for Woken {
        type Output<SomeNewAttr: Attribute> = Self;

        fn add_any_attr<NewAttr: Attribute>(self, _attribute: NewAttr) -> Self {
            self
        }
    }

    impl RenderHtml for Woken {
        type AsyncOutput = Self;
        type Owned = Self;

        const MIN_LENGTH: usize = 0;

        fn dry_resolve(&mut self) {}

        async fn resolve(self) -> Self {
            self
        }

        fn to_html_with_buf(
            self,
            _html: &mut String,
            _position: &mut Position,
            _escape: bool,
            _mark_branches: bool,
            _attributes: Vec<AnyAttribute>,
        ) {
        }

        fn hydrate<const FROM_SERVER: bool>(self, _cursor: &Cursor, _position: &PositionState) {}

        fn into_owned(self) -> Self {
            self
        }
    }
}
