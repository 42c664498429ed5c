//! The HTTP status of a page: 200 unless its data say otherwise. Set while they are read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::error::AppError;

/// Shared between what reads the page's data and who answers the request.
#[derive(Clone, Debug, Default)]
pub struct PageStatus(Arc<AtomicU16>);

impl PageStatus {
    /// `None`: nothing but what a page has anyway.
    #[must_use]
    pub fn get(&self) -> Option<u16> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            status => Some(status),
        }
    }

    pub fn set(&self, status: u16) {
        self.0.store(status, Ordering::Relaxed);
    }

    /// A wrong request is one of the page too.
    pub fn of<T>(&self, answer: Result<T, AppError>) -> Result<T, AppError> {
        if let Err(error) = &answer
            && matches!(error.status, 400 | 404 | 503)
        {
            self.set(error.status);
        }
        answer
    }
}
