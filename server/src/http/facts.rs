//! Facts that a handler adds to the one line of its request: who asked, and which trading session it is about.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use telemetry::Context;

use crate::correlation;

/// Shared between the middleware that writes the line and the handlers; an extension of every request.
#[derive(Clone, Default)]
pub struct Facts {
    inner: Arc<Mutex<Known>>,
}

/// What is known so far.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub user: Option<String>,
    pub context: Context,
    /// What answered, when no route did.
    pub route: Option<&'static str>,
}

impl Facts {
    /// Notes who is signed in.
    pub fn set_user(&self, username: &str) {
        self.lock().user = Some(username.to_owned());
    }

    /// Names what answered a request that no route matched.
    pub fn set_route(&self, route: &'static str) {
        self.lock().route = Some(route);
    }

    /// Notes the trading context of everything that the request tells; its correlation id is left as it is.
    pub fn set_context(&self, context: &Context) {
        correlation::about(context);
        let mut known = self.lock();
        let correlation_id = known.context.correlation_id.take();
        known.context = Context { correlation_id, ..context.clone() };
    }

    /// A copy of what is known.
    #[must_use]
    pub fn known(&self) -> Known {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
