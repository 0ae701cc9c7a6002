//! Sheets of workbooks: .xlsx, .xlsb, .xls, .ods.

use std::io::Cursor;

use calamine::{Data, Reader as _, Sheets, open_workbook_auto_from_rs};

use super::{damaged, grid::Grid};
use crate::{error::ReadError, unit::format_timestamp};

/// Whether a zip archive is a workbook.
pub(super) fn is_workbook(bytes: &[u8]) -> bool {
    let Ok(archive) = zip::ZipArchive::new(Cursor::new(bytes)) else {
        return false;
    };
    let mut names = archive.file_names();
    names.any(|name| {
        name.is_ok_and(|name| name.starts_with("xl/workbook.") || name == "content.xml")
    })
}

/// The text of the sheet called `name`, or of the largest, and a description of the sheet.
pub(super) fn largest_sheet(
    bytes: &[u8],
    name: Option<&str>,
) -> Result<(Vec<u8>, String), ReadError> {
    let error = |error: calamine::Error| damaged("workbook", error.to_string());
    let mut book: Sheets<_> =
        open_workbook_auto_from_rs(Cursor::new(bytes.to_vec())).map_err(error)?;
    let names = book.sheet_names();
    let mut best: Option<(usize, &String, calamine::Range<Data>)> = None;
    for sheet in &names {
        if name.is_some_and(|name| name != sheet) {
            continue;
        }
        let range = book.worksheet_range(sheet).map_err(error)?;
        let cells = range.used_cells().count();
        if best.as_ref().is_none_or(|(most, ..)| cells > *most) {
            best = Some((cells, sheet, range));
        }
    }
    let Some((_, sheet, range)) = best else {
        return Err(ReadError::WhichTable {
            asked: name.map(str::to_owned),
            available: crate::error::shorten_list(names.iter().map(String::as_str)),
        });
    };
    let mut grid = Grid::default();
    for row in range.rows() {
        for cell in row {
            grid.cell(&text(cell));
        }
        grid.end_row();
    }
    let from = match names.len() {
        1 => format!("sheet {sheet:?}"),
        count => format!("sheet {sheet:?}, one of {count}"),
    };
    Ok((grid.into_text().into_bytes(), from))
}

fn text(cell: &Data) -> String {
    match cell {
        Data::DateTime(time) if time.is_datetime() => {
            const FIRST: f64 = -25_569.0;
            // Serial numbers hold times to the millisecond; whole seconds are kept.
            format_timestamp(((time.as_f64() + FIRST) * 86_400.0).round() as i64)
        }
        Data::DateTime(duration) => duration.as_f64().to_string(),
        Data::Bool(value) => u8::from(*value).to_string(),
        // "#N/A" is a marker of missing values; other errors are treated the same.
        Data::Error(_) => "#N/A".to_owned(),
        other => other.to_string(),
    }
}
