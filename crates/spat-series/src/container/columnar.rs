//! Parquet files.

use parquet::{
    file::reader::{FileReader as _, SerializedFileReader},
    record::Field,
};

use super::{damaged, grid::Grid};
use crate::{error::ReadError, unit::format_timestamp};

/// The text of the table in a Parquet file.
pub(super) fn parquet(bytes: &[u8]) -> Result<Vec<u8>, ReadError> {
    let error = |error: parquet::errors::ParquetError| damaged("Parquet", error.to_string());
    let reader = SerializedFileReader::new(bytes::Bytes::copy_from_slice(bytes)).map_err(error)?;
    let fields = reader
        .metadata()
        .file_metadata()
        .schema()
        .get_fields()
        .to_vec();
    let mut grid = Grid::default();
    grid.row(fields.iter().map(|field| field.name()));
    for row in reader.get_row_iter(None).map_err(error)? {
        for (_, field) in row.map_err(error)?.get_column_iter() {
            grid.cell(&text(field));
        }
        grid.end_row();
    }
    Ok(grid.into_text().into_bytes())
}

fn text(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Bool(value) => u8::from(*value).to_string(),
        Field::Date(days) => format_timestamp(i64::from(*days) * 86_400)[..10].to_owned(),
        Field::TimestampMillis(value) => time(*value, 1_000),
        Field::TimestampMicros(value) => time(*value, 1_000_000),
        Field::Str(value) => value.clone(),
        Field::Float(value) if value.is_nan() => String::new(),
        Field::Double(value) if value.is_nan() => String::new(),
        Field::Float(value) => value.to_string(),
        Field::Double(value) => value.to_string(),
        other => other.to_string(),
    }
}

fn time(units: i64, per_second: i64) -> String {
    let (seconds, below) = (units.div_euclid(per_second), units.rem_euclid(per_second));
    let digits = per_second.ilog10() as usize;
    let fraction = if below == 0 {
        String::new()
    } else {
        format!(".{below:0digits$}")
    };
    format_timestamp(seconds) + &fraction
}
