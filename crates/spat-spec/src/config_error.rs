//! The error of an invalid configuration.

use thiserror::Error;

/// A value that is not allowed, and what to use instead.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{message}; {remedy}")]
pub struct ConfigError {
    message: String,
    remedy: String,
}

impl ConfigError {
    pub(crate) fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            remedy: remedy.into(),
        }
    }
}
