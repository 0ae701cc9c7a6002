//! Flags that help with errors of libraries, whose messages do not contain flags.

use spat_series::{ReadError, SeriesError};
use spat_spec::PlanError;

use thiserror::Error;

/// Advice that is added to an error as context. It has no text as an error: [`hint`] appends it to
/// the message.
#[derive(Debug, Error)]
#[error("")]
pub(crate) struct Advice(pub(crate) String);

/// A sentence to add to the error, if there is one.
pub(crate) fn hint(error: &anyhow::Error) -> Option<String> {
    if let Some(Advice(advice)) = error.downcast_ref() {
        return Some(advice.clone());
    }
    let flag = error.chain().find_map(|cause| {
        cause
            .downcast_ref::<ReadError>()
            .and_then(read)
            .or_else(|| cause.downcast_ref::<SeriesError>().and_then(series))
            .or_else(|| cause.downcast_ref::<PlanError>().and_then(plan))
    })?;
    Some(format!("see {flag}"))
}

fn read(error: &ReadError) -> Option<&'static str> {
    Some(match error {
        ReadError::NotANumber { .. } | ReadError::NotFinite { .. } => {
            "--missing TEXT and --channels NAMES"
        }
        ReadError::MixedUnits { .. } => "--channels NAMES",
        ReadError::Ragged { .. } | ReadError::NoNumbers { .. } => "--delimiter and --decimal-comma",
        ReadError::BadTimestamp { .. }
        | ReadError::NoTimestamps { .. }
        | ReadError::PatternFitsNothing { .. } => {
            "--time-format PATTERN, --time-column NAME or none"
        }
        ReadError::UnknownZone { .. } => "--time-zone ZONE",
        ReadError::WhichTable { .. } => "--sheet NAME",
        ReadError::UnknownColumn { .. } => "`spat inspect`",
        _ => return None,
    })
}

fn series(error: &SeriesError) -> Option<&'static str> {
    Some(match error {
        SeriesError::Unreadable(error) => return read(error),
        SeriesError::UnknownChannel { .. } | SeriesError::AllMissing { .. } => {
            "--channels and `spat inspect`"
        }
        SeriesError::NoRowsLeft { .. } | SeriesError::Missing { .. } => "--fill linear",
        SeriesError::NotSorted { .. } => "--unsorted sort",
        SeriesError::RepeatedTimestamp { .. } => "--repeated mean",
        SeriesError::Stacked { .. } => "--long ID,TIME,VALUE or --repeated mean",
        SeriesError::Gap { .. } | SeriesError::TooManyGaps { .. } => "--gaps keep",
        _ => return None,
    })
}

fn plan(error: &PlanError) -> Option<&'static str> {
    matches!(error, PlanError::UnknownProtected(_)).then_some("--protect and --layers")
}
