//! Rows of cells written as text with commas.

/// The text of a table that is being written.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    text: String,
    row_began: bool,
}

impl Grid {
    /// Adds a cell to the row.
    pub(crate) fn cell(&mut self, cell: &str) {
        if self.row_began {
            self.text.push(',');
        }
        self.row_began = true;
        if cell.contains([',', '"', '\n', '\r']) {
            self.text.push('"');
            self.text += &cell.replace('"', "\"\"");
            self.text.push('"');
        } else {
            self.text += cell;
        }
    }

    /// Ends the row.
    pub(crate) fn end_row(&mut self) {
        self.row_began = false;
        self.text.push('\n');
    }

    /// Adds a whole row.
    pub(crate) fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        for cell in cells {
            self.cell(cell);
        }
        self.end_row();
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }
}
