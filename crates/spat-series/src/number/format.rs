//! How the numbers of a column are written.

use super::{
    digits::{is_number, parse},
    is_marker,
    unit::{decorated, is_unit},
};

/// How the numbers of a column are written.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Format {
    pub(crate) decimal_comma: bool,
    /// The unit of the numbers; empty where only letters multiply. `None` without any.
    pub(crate) unit: Option<String>,
    /// Two units that the column mixes, so that its numbers cannot be compared.
    pub(crate) mixed: Option<[String; 2]>,
    /// Whether letters multiply numbers.
    pub(crate) multiplied: bool,
}

impl Format {
    pub(crate) fn new(decimal_comma: bool) -> Self {
        Self {
            decimal_comma,
            ..Self::default()
        }
    }

    /// How most numbers among `cells` are written, where `decimal_comma` is the table's decimal sign
    /// and `asked` whether the options set it.
    pub(crate) fn of<'a>(
        cells: impl Iterator<Item = &'a str> + Clone,
        decimal_comma: bool,
        asked: bool,
    ) -> Self {
        let mut format = Self::new(decimal_comma);
        let cells = cells.filter(|cell| !is_marker(cell));
        if cells.clone().all(|cell| is_number(cell, decimal_comma)) {
            return format;
        }
        if !asked && cells.clone().all(|cell| is_number(cell, !decimal_comma)) {
            format.decimal_comma = !decimal_comma;
            return format;
        }
        let (mut all, mut bare, mut units) = (0, 0, Vec::<(&str, usize)>::new());
        let (mut understood, mut multiplied) = (0, false);
        for cell in cells {
            all += 1;
            let number: Option<f32> = parse(cell, decimal_comma);
            if let Some(number) = number {
                understood += 1;
                bare += usize::from(number != 0.0);
            } else if let Some(found) = decorated(cell, decimal_comma) {
                understood += 1;
                multiplied |= found.multiplied;
                match units.iter_mut().find(|(unit, _)| *unit == found.unit) {
                    Some((_, count)) => *count += 1,
                    None => units.push((found.unit, 1)),
                }
            }
        }
        if understood * 5 < all * 4 || units.is_empty() {
            return format;
        }
        units.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        if let [(only, count)] = units.as_slice() {
            let known = only.is_empty() || is_unit(only);
            if (known && (bare == 0 || only.is_empty())) || (*count > 1 && bare == 0) {
                format.unit = Some((*only).to_owned());
            } else if known {
                format.mixed = Some(["no unit".to_owned(), (*only).to_owned()]);
            }
        } else if units.iter().all(|(unit, _)| is_unit(unit)) {
            format.mixed = Some([units[0].0.to_owned(), units[1].0.to_owned()]);
        }
        format.multiplied = multiplied && (format.unit.is_some() || format.mixed.is_some());
        format
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_one_unit_or_none() {
        let of = |cells: &[&str]| Format::of(cells.iter().copied(), false, false);
        assert_eq!(of(&["1 kW", "2 kW"]).unit.as_deref(), Some("kW"));
        assert_eq!(of(&["1 rooms", "2 rooms"]).unit.as_deref(), Some("rooms"));
        assert_eq!(
            of(&["1 kW", "2 W"]).mixed,
            Some(["kW".to_owned(), "W".to_owned()])
        );
        assert_eq!(of(&["1A", "2B", "3C"]), Format::new(false));
        assert_eq!(of(&["12.5K", "300"]).unit.as_deref(), Some(""));
        assert!(of(&["0,234", "1,235"]).decimal_comma);
        assert!(!of(&["1,234", "1,235"]).decimal_comma);
    }
}
