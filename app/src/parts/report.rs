//! The one bridge from code that nobody renders (event handlers, tasks, socket callbacks) to the nearest
//! error boundary.

use std::sync::Arc;

use leptos::error::{ErrorHook, ErrorId, get_error_hook};
use leptos::prelude::*;

use crate::error::AppError;

/// Throws into the boundary that was nearest when it was made.
#[derive(Clone)]
pub struct Reporter {
    hook: Option<Arc<dyn ErrorHook>>,
    thrown: StoredValue<Vec<ErrorId>>,
}

/// Takes the nearest boundary; call it while the component is built.
pub fn use_reporter() -> Reporter {
    let hook = use_context::<Arc<dyn ErrorHook>>().or_else(get_error_hook);
    Reporter { hook, thrown: StoredValue::new(Vec::new()) }
}

impl Reporter {
    /// Shows the boundary's fallback.
    pub fn throw(&self, error: AppError) {
        if let Some(hook) = &self.hook {
            let id = hook.throw(error.into());
            self.thrown.try_update_value(|thrown| thrown.push(id));
        }
    }

    /// Takes back what was thrown: it works again, so the panel shows again.
    pub fn recover(&self) {
        let thrown = self.thrown.try_update_value(std::mem::take).unwrap_or_default();
        if let Some(hook) = &self.hook {
            thrown.iter().for_each(|id| hook.clear(id));
        }
    }
}
