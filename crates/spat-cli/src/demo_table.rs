//! The table that is part of the program.

/// A year of hourly weather at three airports; `demo/README.md` has its origin.
const TABLE: &[u8] = include_bytes!("../demo/nyc-weather-2013.csv");

const NAME: &str = "nyc-weather-2013.csv";

/// The table's name and bytes.
pub(crate) fn file() -> (String, Vec<u8>) {
    (NAME.to_owned(), TABLE.to_vec())
}
