//! What a person can say about the file where the guess was wrong.

use leptos::prelude::*;
use spat_series::{Fill, Gaps, HeaderRow, TimeColumn};
use spat_spec::DataConfig;

use crate::show::Listed as _;
use crate::state::Page;

/// A choice among a few.
struct Field {
    label: &'static str,
    /// For tests.
    name: &'static str,
    options: &'static [&'static str],
    get: fn(&DataConfig) -> usize,
    set: fn(&mut DataConfig, usize),
}

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

const FIELDS: [Field; 5] = [
    Field {
        label: "Delimiter",
        name: "delimiter",
        options: &["found out", "comma", "semicolon", "tab", "bar"],
        get: |data| {
            let place = |delimiter| DELIMITERS.iter().position(|&known| known == delimiter);
            data.read
                .delimiter
                .and_then(place)
                .map_or(0, |place| place + 1)
        },
        set: |data, n| data.read.delimiter = n.checked_sub(1).map(|place| DELIMITERS[place]),
    },
    Field {
        label: "Decimal sign",
        name: "decimal-sign",
        options: &["found out", "point", "comma"],
        get: |data| {
            data.read
                .decimal_comma
                .map_or(0, |comma| 1 + usize::from(comma))
        },
        set: |data, n| data.read.decimal_comma = n.checked_sub(1).map(|comma| comma == 1),
    },
    Field {
        label: "First line",
        name: "first-line",
        options: &["found out", "names", "values"],
        get: |data| data.read.header as usize,
        set: |data, n| {
            data.read.header = [HeaderRow::Auto, HeaderRow::Present, HeaderRow::Absent][n];
        },
    },
    Field {
        label: "Missing values",
        name: "fill",
        options: &["straight line", "last value seen", "drop the row"],
        get: |data| match data.series.fill {
            Fill::Forward => 1,
            Fill::Drop => 2,
            Fill::Linear | Fill::Refuse => 0,
        },
        set: |data, n| data.series.fill = [Fill::Linear, Fill::Forward, Fill::Drop][n],
    },
    Field {
        label: "Holes in the clock",
        name: "gaps",
        options: &["insert rows", "leave them"],
        get: |data| usize::from(data.series.gaps == Gaps::Keep),
        set: |data, n| data.series.gaps = [Gaps::Insert, Gaps::Keep][n],
    },
];

/// Overrides of the detection: of the file that could not be read, or else of the table.
#[component]
pub(super) fn Reading(
    /// Whether it begins opened.
    open: bool,
) -> impl IntoView {
    let page = Page::here();
    let data = Memo::new(move |_| {
        let refused = page.refused.get().map(|refused| refused.data.clone());
        let table = || page.table.get().map(|table| table.data.clone());
        refused.or_else(table).unwrap_or_default()
    });
    let change = move |change: &dyn Fn(&mut DataConfig)| {
        let mut data = data.get_untracked();
        let read = data.read.clone();
        change(&mut data);
        if data.read != read {
            // Read in another way, its columns may have other names.
            data.series.channels = None;
        }
        page.reread_table(data);
    };
    let fields = FIELDS.map(|field| {
        let last = field.options.len() - 1;
        let options = field.options.iter().enumerate().map(|(number, option)| {
            let selected = move || data.with(field.get) == number;
            view! {
                <option value=number.to_string() prop:selected=selected>
                    {*option}
                </option>
            }
        });
        let choose = move |value: String| {
            let chosen = value.parse().unwrap_or(0).min(last);
            change(&|data| (field.set)(data, chosen));
        };
        view! {
            <label class="field">
                {field.label}
                <select
                    data-testid=field.name
                    on:change:target=move |event| choose(event.target().value())
                >
                    {options.listed()}
                </select>
            </label>
        }
    });
    // Its first two options are no columns.
    let columns = Memo::new(move |_| {
        let mut columns = vec!["found out".to_owned(), "none, count rows".to_owned()];
        let refused = page.refused.get().map(|refused| refused.bytes.clone());
        let bytes = refused.or_else(|| page.table.get().map(|table| table.bytes.clone()));
        columns.extend(bytes.map_or_else(Vec::new, |bytes| names(&bytes, &data.get())));
        columns
    });
    let time_options = move || {
        let option = |(number, name): (usize, String)| {
            let is = name.clone();
            let selected = move || {
                data.with(|data| match &data.read.time_column {
                    TimeColumn::Auto | TimeColumn::Parts(_) => number == 0,
                    TimeColumn::None => number == 1,
                    TimeColumn::Named(name) => number > 1 && *name == is,
                })
            };
            view! {
                <option value=number.to_string() prop:selected=selected>
                    {name}
                </option>
            }
        };
        columns.get().into_iter().enumerate().map(option).listed()
    };
    let choose_time = move |value: String| {
        let number = value.parse().unwrap_or(0);
        let name = columns.with_untracked(|columns| columns.get(number).cloned());
        change(&|data| {
            data.read.time_column = match (number, &name) {
                (1, _) => TimeColumn::None,
                (2.., Some(name)) => TimeColumn::Named(name.clone()),
                _ => TimeColumn::Auto,
            };
        });
    };
    let name_missing = move |value: String| {
        let markers = value.split(',').map(str::trim);
        let markers: Vec<_> = markers
            .filter(|m| !m.is_empty())
            .map(str::to_owned)
            .collect();
        change(&|data| data.read.missing.clone_from(&markers));
    };
    view! {
        <details class="more" open=open data-testid="reading">
            <summary>"Was something guessed wrong?"</summary>
            <div class="row">
                {fields}
                <label class="field">
                    "Time column"
                    <select
                        data-testid="time-column"
                        on:change:target=move |event| choose_time(event.target().value())
                    >
                        {time_options}
                    </select>
                </label>
                <label class="field">
                    "Also missing, with commas between"
                    <input
                        type="text"
                        placeholder="-9999, n/k"
                        data-testid="missing"
                        prop:value=move || data.with(|data| data.read.missing.join(", "))
                        on:change:target=move |event| name_missing(event.target().value())
                    />
                </label>
            </div>
        </details>
    }
}

/// Names of the columns, as far as the first line tells them.
fn names(bytes: &[u8], data: &DataConfig) -> Vec<String> {
    let line = bytes.split(|&byte| byte == b'\n' || byte == b'\r').next();
    let line = String::from_utf8_lossy(line.unwrap_or_default());
    let line = line.trim_start_matches('\u{feff}');
    let count = |delimiter: u8| line.bytes().filter(|&byte| byte == delimiter).count();
    let found = || {
        DELIMITERS
            .into_iter()
            .max_by_key(|&delimiter| count(delimiter))
    };
    let delimiter = data.read.delimiter.or_else(found).map_or(',', char::from);
    let cells = line.split(delimiter).enumerate();
    cells
        .map(|(place, cell)| match data.read.header {
            HeaderRow::Absent => format!("ch{}", place + 1),
            _ => cell.trim().trim_matches('"').to_owned(),
        })
        .filter(|name| !name.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_by_the_first_line() {
        let mut data = DataConfig::default();
        let bytes = "\u{feff}\"Datum\"; Last ;Preis, netto\r\n1;2;3".as_bytes();
        assert_eq!(names(bytes, &data), ["Datum", "Last", "Preis, netto"]);
        data.read.header = HeaderRow::Absent;
        assert_eq!(names(bytes, &data), ["ch1", "ch2", "ch3"]);
        assert!(names(b"", &DataConfig::default()).is_empty());
    }

    #[test]
    fn every_option_is_what_it_sets() {
        for field in FIELDS {
            for number in 0..field.options.len() {
                let mut data = DataConfig::default();
                (field.set)(&mut data, number);
                assert_eq!((field.get)(&data), number, "{}", field.label);
            }
        }
    }
}
