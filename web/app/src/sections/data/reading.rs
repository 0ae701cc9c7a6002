//! Reading options that override the detection.

use leptos::prelude::*;
use spat_series::{Fill, Gaps, HeaderRow, Shape, TimeColumn, column_names};
use spat_spec::DataConfig;

use crate::show::Listed as _;
use crate::state::Page;

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

/// An option in a text field. An empty text means detection.
struct TextField {
    label: &'static str,
    /// The test id.
    name: &'static str,
    placeholder: &'static str,
    /// Whether it is only shown for files with sheets or members.
    for_containers: bool,
    get: fn(&DataConfig) -> String,
    /// The text is trimmed. The error contains the expected form.
    set: fn(&mut DataConfig, &str) -> Result<(), String>,
}

const TEXT_FIELDS: [TextField; 4] = [
    TextField {
        label: "Time format",
        name: "time-format",
        placeholder: "%d.%m.%Y %H:%M",
        for_containers: false,
        get: |data| data.read.time_format.clone().unwrap_or_default(),
        set: |data, text| {
            data.read.time_format = not_empty(text);
            Ok(())
        },
    },
    TextField {
        label: "Long format: columns of series, time, value",
        name: "long",
        placeholder: "unique_id,ds,y",
        for_containers: false,
        get: |data| match &data.read.shape {
            Shape::Long(long) => long.to_string(),
            _ => String::new(),
        },
        set: |data, text| {
            if !text.is_empty() {
                data.read.shape = Shape::Long(text.parse()?);
            } else if matches!(data.read.shape, Shape::Long(_)) {
                data.read.shape = Shape::Rows;
            }
            Ok(())
        },
    },
    TextField {
        label: "Sheet, or file in an archive",
        name: "sheet",
        placeholder: "the largest",
        for_containers: true,
        get: |data| data.read.sheet.clone().unwrap_or_default(),
        set: |data, text| {
            data.read.sheet = not_empty(text);
            Ok(())
        },
    },
    TextField {
        label: "Also missing, comma-separated",
        name: "missing",
        placeholder: "-9999, n/k",
        for_containers: false,
        get: |data| data.read.missing.join(", "),
        set: |data, text| {
            let markers = text
                .split(',')
                .filter_map(|marker| not_empty(marker.trim()));
            data.read.missing = markers.collect();
            Ok(())
        },
    },
];

fn not_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Overrides of the detection, for the file that could not be read or else for the table.
#[component]
pub(super) fn Reading(
    /// Whether it is initially open.
    open: bool,
) -> impl IntoView {
    let page = Page::from_context();
    let data = Memo::new(move |_| {
        let source = page.last_source();
        source.map_or_else(DataConfig::default, |source| source.data.clone())
    });
    let reread = move |mut changed: DataConfig| {
        if data.with_untracked(|data| data.read != changed.read) {
            // The columns may have other names now.
            changed.series.channels = None;
        }
        page.reread_table(changed);
    };
    let change = move |change: &dyn Fn(&mut DataConfig)| {
        let mut changed = data.get_untracked();
        change(&mut changed);
        reread(changed);
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
        let names = page
            .last_source()
            .and_then(|source| data.with(|data| column_names(&source.file.bytes, &data.read).ok()));
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
    let is_container = Memo::new(move |_| {
        page.last_source().is_some_and(|source| {
            let original = source.file.original.as_ref();
            original.is_some_and(|original| original.plain.container.is_some())
        })
    });
    let text_fields = TEXT_FIELDS.map(|field| {
        let enter = move |text: String| {
            let mut changed = data.get_untracked();
            match (field.set)(&mut changed, text.trim()) {
                Ok(()) => reread(changed),
                Err(problem) => page.table_problem.set(Some(problem)),
            }
        };
        view! {
            <label class="field" hidden=move || field.for_containers && !is_container.get()>
                {field.label}
                <input
                    type="text"
                    placeholder=field.placeholder
                    data-testid=field.name
                    prop:value=move || data.with(field.get)
                    on:change:target=move |event| enter(event.target().value())
                />
            </label>
        }
    });
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
                {text_fields}
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

    #[test]
    fn every_text_is_read_back() {
        for field in TEXT_FIELDS {
            let mut data = DataConfig::default();
            (field.set)(&mut data, field.placeholder).unwrap();
            assert_eq!((field.get)(&data), field.placeholder, "{}", field.label);
            (field.set)(&mut data, "").unwrap();
            assert_eq!(data, DataConfig::default(), "{}", field.label);
        }
    }
}
