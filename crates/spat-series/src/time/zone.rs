//! Time zones of a table: the one in the options for timestamps without one, and those in cells.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use super::{cursor::Cursor, timestamp::Fields};
use crate::{
    error::{ReadError, shorten},
    unit::WrittenZone,
};

/// The offset of a named zone at a time in seconds since 1970, if the zone is known.
pub(crate) fn offset_at(name: &str, seconds: i64) -> Option<i64> {
    let zone = TimeZone::get(name).ok()?;
    let at = Timestamp::from_second(seconds).ok()?;
    Some(zone.to_offset(at).seconds().into())
}

/// The known zone in brackets after a cell's offset.
pub(crate) fn in_brackets(cell: &str) -> Option<&str> {
    let (_, name) = cell.strip_suffix(']')?.rsplit_once('[')?;
    TimeZone::get(name).ok().map(|_| name)
}

/// The zone of timestamps without one.
#[derive(Debug, Clone)]
pub(crate) struct Zone(TimeZone);

impl Zone {
    /// The zone of a name (`Europe/Berlin`), an abbreviation (`CET`) or an offset (`+01:00`).
    pub(crate) fn named(name: &str) -> Result<Self, ReadError> {
        let mut cursor = Cursor::new(name.trim());
        let mut fields = Fields::default();
        if cursor.zone(&mut fields, true).is_some()
            && cursor.is_empty()
            && let Some(offset) = fields.offset
            && let Ok(offset) = jiff::tz::Offset::from_seconds(offset as i32)
        {
            return Ok(Self(TimeZone::fixed(offset)));
        }
        TimeZone::get(name.trim())
            .map(Self)
            .map_err(|_| ReadError::UnknownZone {
                name: shorten(name),
            })
    }

    /// How timestamps of this zone are written.
    pub(crate) fn written(&self) -> WrittenZone {
        match (self.0.iana_name(), self.0.to_fixed_offset()) {
            (Some(name), _) if name != "UTC" => WrittenZone::Named(name.to_owned()),
            (_, Ok(offset)) if offset.seconds() != 0 => WrittenZone::Offset(offset.seconds()),
            _ => WrittenZone::Utc,
        }
    }

    /// Civil seconds of this zone, in file order, as seconds of UTC. An ambiguous
    /// hour at a change of daylight saving time is the first one unless that would go back in time; a
    /// skipped hour is read with the offset before the change.
    pub(crate) fn to_utc(&self, civil: &mut [i64]) {
        let mut before = i64::MIN;
        for seconds in civil {
            let utc = self.instant(*seconds, before).unwrap_or(*seconds);
            *seconds = utc;
            before = utc;
        }
    }

    fn instant(&self, civil: i64, before: i64) -> Option<i64> {
        let shown = Timestamp::from_second(civil).ok()?;
        let shown: DateTime = TimeZone::UTC.to_datetime(shown);
        let ambiguous = self.0.to_ambiguous_timestamp(shown);
        let earlier = ambiguous.compatible().ok()?.as_second();
        if earlier > before {
            return Some(earlier);
        }
        let later = self.0.to_ambiguous_timestamp(shown).later().ok()?;
        Some(later.as_second())
    }
}
