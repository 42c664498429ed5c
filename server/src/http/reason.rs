//! The reason that a person gives for what he does, as it is kept and told.

use super::ApiError;

/// Characters.
const MOST: usize = 500;

/// What is kept of it: without secrets and control characters. Refused when nothing is left, or too much.
pub(super) fn reason_of(text: &str) -> Result<String, ApiError> {
    let reason = telemetry::clean(text.trim()).into_owned();
    if reason.is_empty() || reason.chars().count() > MOST {
        let what = format!("1 to {MOST} characters");
        return Err(ApiError::invalid(format!("The reason must have {what}.")).with_field("reason", what));
    }
    Ok(reason)
}
