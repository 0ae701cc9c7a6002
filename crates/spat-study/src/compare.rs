//! Variants against each other, in the terms of the report.

use spat_spec::PairedTest;

use crate::statistics;

