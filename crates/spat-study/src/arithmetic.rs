//! What determines the last digits of a result besides its task.

use std::fmt;

use serde::{Deserialize, Serialize};
use spat_engine::platform;
use spat_spec::DeviceFacts;

/// The arithmetic with which a result was computed. Results of a study are compared with each other, so all of
/// them need the same. Contains no name of a machine: equal ones give equal files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arithmetic {
    /// The processor's architecture, and how its vector instructions round.
    pub processor: String,
    /// `cpu`, or the name of the graphics card.
    pub device: String,
}

impl Arithmetic {
    /// That of this process, which computes on a device.
    pub fn here(device: &DeviceFacts) -> Self {
        Self {
            processor: platform::arithmetic(),
            device: if device.kind == "cpu" {
                device.kind.clone()
            } else {
                device.name.clone()
            },
        }
    }
}

impl fmt::Display for Arithmetic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.device == "cpu" {
            f.write_str(&self.processor)
        } else {
            write!(f, "{} and {}", self.device, self.processor)
        }
    }
}
