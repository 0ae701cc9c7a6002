//! Reading options that override the detection.

use leptos::prelude::*;
use spat_series::{Fill, Gaps, HeaderRow, LongColumns, Shape, TimeColumn, column_names};
use spat_spec::DataConfig;

use crate::show::Listed as _;
use crate::state::{Page, TableFile};

/// A list of options.
struct Field {
    label: &'static str,
    /// The test id.
    name: &'static str,
    options: &'static [&'static str],
    get: fn(&DataConfig) -> usize,
    set: fn(&mut DataConfig, usize),
}

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

const FIELDS: [Field; 7] = [
    Field {
        label: "Delimiter",
        name: "delimiter",
        options: &["detected", "comma", "semicolon", "tab", "bar"],
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
        options: &["detected", "point", "comma"],
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
        options: &["detected", "names", "values"],
        get: |data| data.read.header as usize,
        set: |data, n| {
            data.read.header = [HeaderRow::Auto, HeaderRow::Present, HeaderRow::Absent][n];
        },
    },
    Field {
        label: "Dates such as 3/4/2020",
        name: "date-order",
        options: &["detected", "3 April", "4 March"],
        get: |data| match data.read.day_first {
            None => 0,
            Some(true) => 1,
            Some(false) => 2,
        },
        set: |data, n| data.read.day_first = n.checked_sub(1).map(|order| order == 0),
    },
    Field {
        label: "Layout",
        name: "layout",
        options: &["a row per time", "a column per time", "months across"],
        get: |data| match data.read.shape {
            Shape::Rows | Shape::Long(_) => 0,
            Shape::Transposed => 1,
            Shape::MonthsAcross => 2,
        },
        set: |data, n| {
            data.read.shape = [Shape::Rows, Shape::Transposed, Shape::MonthsAcross][n].clone();
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
        label: "Missing time steps",
        name: "gaps",
        options: &["insert rows", "ignore"],
        get: |data| usize::from(data.series.gaps == Gaps::Keep),
        set: |data, n| data.series.gaps = [Gaps::Insert, Gaps::Keep][n],
    },
];

/// Overrides of the detection, for the file that could not be read or else for the table.
#[component]
pub(super) fn Reading(
    /// Whether it is initially open.
    open: bool,
) -> impl IntoView {
    let page = Page::from_context();
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
            // The columns may have other names now.
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
    // The first two options are not columns.
    let columns = Memo::new(move |_| {
        let mut columns = vec!["detected".to_owned(), "none, count rows".to_owned()];
        let refused = page.refused.get().map(|refused| refused.file.bytes.clone());
        let bytes = refused.or_else(|| page.table.get().map(|table| table.file.bytes.clone()));
        let names = bytes.and_then(|bytes| column_names(&bytes, &data.get().read).ok());
        columns.extend(names.unwrap_or_default());
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
    let name_format = move |value: String| {
        let format = Some(value.trim().to_owned()).filter(|format| !format.is_empty());
        change(&|data| data.read.time_format.clone_from(&format));
    };
    let name_sheet = move |value: String| {
        let sheet = Some(value.trim().to_owned()).filter(|sheet| !sheet.is_empty());
        change(&|data| data.read.sheet.clone_from(&sheet));
    };
    let has_sheets = Memo::new(move |_| {
        let original = |file: &TableFile| {
            let original = file.original.as_ref();
            original.is_some_and(|original| original.plain.container.is_some())
        };
        let refused = page.refused.get().map(|refused| original(&refused.file));
        let table = || page.table.get().map(|table| original(&table.file));
        refused.or_else(table).unwrap_or_default()
    });
    let name_long = move |value: String| match value.parse::<LongColumns>() {
        _ if value.trim().is_empty() => change(&|data| {
            if matches!(data.read.shape, Shape::Long(_)) {
                data.read.shape = Shape::Rows;
            }
        }),
        Ok(long) => change(&|data| data.read.shape = Shape::Long(long.clone())),
        Err(problem) => page.table_problem.set(Some(problem)),
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
            <summary>"Correct the detection"</summary>
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
                    "Time format"
                    <input
                        type="text"
                        placeholder="%d.%m.%Y %H:%M"
                        data-testid="time-format"
                        prop:value=move || data.with(|data| data.read.time_format.clone().unwrap_or_default())
                        on:change:target=move |event| name_format(event.target().value())
                    />
                </label>
                <label class="field">
                    "Series below each other: columns of series, time, value"
                    <input
                        type="text"
                        placeholder="unique_id,ds,y"
                        data-testid="long"
                        prop:value=move || {
                            data.with(|data| match &data.read.shape {
                                Shape::Long(long) => long.to_string(),
                                _ => String::new(),
                            })
                        }
                        on:change:target=move |event| name_long(event.target().value())
                    />
                </label>
                <label class="field" hidden=move || !has_sheets.get()>
                    "Sheet, or file in an archive"
                    <input
                        type="text"
                        placeholder="the largest"
                        data-testid="sheet"
                        prop:value=move || data.with(|data| data.read.sheet.clone().unwrap_or_default())
                        on:change:target=move |event| name_sheet(event.target().value())
                    />
                </label>
                <label class="field">
                    "Also missing, comma-separated"
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_read_back() {
        for field in FIELDS {
            for number in 0..field.options.len() {
                let mut data = DataConfig::default();
                (field.set)(&mut data, number);
                assert_eq!((field.get)(&data), number, "{}", field.label);
            }
        }
    }
}
