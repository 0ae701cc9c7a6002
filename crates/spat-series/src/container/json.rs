//! Tables in JSON: records, columns, rows, and the layouts that pandas writes.

use std::{collections::HashMap, fmt};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::grid::Grid;

/// A value whose objects keep the order of their members, which is the order of the columns.
#[derive(Debug, Clone, PartialEq)]
enum Json {
    /// Null, a number, a string or a truth value, as the text of a cell.
    Cell(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// The text of the table in `bytes`; `None` where the JSON holds none.
///
/// # Errors
/// The bytes are not JSON.
pub(super) fn to_text(bytes: &[u8]) -> Result<Option<String>, serde_json::Error> {
    let mut values = Vec::new();
    for value in serde_json::Deserializer::from_slice(bytes).into_iter::<Json>() {
        values.push(value?);
    }
    let value = match values.len() {
        1 => values.remove(0),
        // One object per line.
        _ => Json::List(values),
    };
    Ok(table(&value))
}

fn table(value: &Json) -> Option<String> {
    match value {
        Json::Cell(_) => None,
        Json::List(rows) if rows.iter().all(|row| matches!(row, Json::Object(_))) => records(rows),
        Json::List(rows) => lists(None, rows),
        Json::Object(members) => object(members),
    }
}

/// `[{"date": …, "y": …}, …]`: a row per object.
fn records(rows: &[Json]) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut cells: Vec<Vec<(usize, String)>> = Vec::new();
    for row in rows {
        let mut flat = Vec::new();
        flatten("", row, &mut flat);
        let mut place = |name: String| {
            *places.entry(name.clone()).or_insert_with(|| {
                names.push(name);
                names.len() - 1
            })
        };
        cells.push(
            flat.into_iter()
                .map(|(name, cell)| (place(name), cell))
                .collect(),
        );
    }
    if names.is_empty() {
        return None;
    }
    let mut grid = Grid::default();
    grid.row(names.iter().map(String::as_str));
    for row in cells {
        let mut line = vec![""; names.len()];
        for (place, cell) in &row {
            line[*place] = cell;
        }
        grid.row(line);
    }
    Some(grid.into_text())
}

/// The members of a record, those of objects within it by joined names.
fn flatten(name: &str, value: &Json, into: &mut Vec<(String, String)>) {
    match value {
        Json::Cell(cell) => into.push((name.to_owned(), cell.clone())),
        Json::List(_) => {}
        Json::Object(members) => {
            for (member, value) in members {
                let name = if name.is_empty() {
                    member.clone()
                } else {
                    format!("{name}.{member}")
                };
                flatten(&name, value, into);
            }
        }
    }
}

/// `[["date", "y"], ["2023-01-01", 1], …]`: a row per list.
fn lists(names: Option<&[Json]>, rows: &[Json]) -> Option<String> {
    let mut grid = Grid::default();
    let mut widest = 0;
    for row in names
        .map(|names| Json::List(names.to_vec()))
        .iter()
        .chain(rows)
    {
        let Json::List(cells) = row else { return None };
        for cell in cells {
            let Json::Cell(cell) = cell else { return None };
            grid.cell(cell);
        }
        widest = widest.max(cells.len());
        grid.end_row();
    }
    (widest > 0).then(|| grid.into_text())
}

/// An object: columns, rows under a name, or pandas's layouts.
fn object(members: &[(String, Json)]) -> Option<String> {
    let get = |name: &str| {
        members
            .iter()
            .find(|(member, _)| member == name)
            .map(|(_, value)| value)
    };
    if let (Some(Json::List(names)), Some(Json::List(rows))) = (get("columns"), get("data")) {
        return lists(Some(names), rows);
    }
    let list = |value: &Json| matches!(value, Json::List(items) if items.iter().all(|i| matches!(i, Json::Cell(_))));
    if !members.is_empty() && members.iter().all(|(_, value)| list(value)) {
        let columns: Vec<&Vec<Json>> = members
            .iter()
            .filter_map(|(_, value)| {
                if let Json::List(items) = value {
                    Some(items)
                } else {
                    None
                }
            })
            .collect();
        let rows = columns.iter().map(|column| column.len()).max()?;
        let mut grid = Grid::default();
        grid.row(members.iter().map(|(name, _)| name.as_str()));
        for row in 0..rows {
            grid.row(columns.iter().map(|column| match column.get(row) {
                Some(Json::Cell(cell)) => cell.as_str(),
                _ => "",
            }));
        }
        return Some(grid.into_text());
    }
    if members.len() > 1
        && members
            .iter()
            .all(|(_, value)| matches!(value, Json::Object(_)))
    {
        return columns_by_row(members);
    }
    // The table may be the value of a name, such as "data" or "results".
    members.iter().find_map(|(_, value)| match value {
        Json::List(rows)
            if rows
                .iter()
                .all(|row| matches!(row, Json::Object(_) | Json::List(_))) =>
        {
            table(value)
        }
        Json::Object(_) if members.len() == 1 => match value {
            Json::Object(inner) if inner.iter().all(|(_, v)| matches!(v, Json::Cell(_))) => {
                columns_by_row(members)
            }
            _ => table(value),
        },
        _ => None,
    })
}

/// `{"y": {"0": 1, "1": 2}, …}`: a column per member, a row per name within.
fn columns_by_row(members: &[(String, Json)]) -> Option<String> {
    let mut rows: Vec<&str> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut cells: Vec<Vec<&str>> = Vec::new();
    for (column, (_, value)) in members.iter().enumerate() {
        let Json::Object(values) = value else {
            return None;
        };
        for (row, value) in values {
            let Json::Cell(cell) = value else { return None };
            let place = *places.entry(row).or_insert_with(|| {
                rows.push(row);
                cells.push(vec![""; members.len()]);
                rows.len() - 1
            });
            cells[place][column] = cell;
        }
    }
    let mut grid = Grid::default();
    grid.row(std::iter::once("index").chain(members.iter().map(|(name, _)| name.as_str())));
    for (row, cells) in rows.iter().zip(cells) {
        grid.row(std::iter::once(*row).chain(cells));
    }
    (!rows.is_empty()).then(|| grid.into_text())
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Json;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("JSON")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(Json::Cell(u8::from(value).to_string()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                Ok(Json::Cell(value.to_string()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(Json::Cell(value.to_string()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
                Ok(Json::Cell(value.to_string()))
            }

            fn visit_str<E>(self, value: &str) -> Result<Json, E> {
                Ok(Json::Cell(value.to_owned()))
            }

            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Cell(String::new()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Json::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
                let mut object = Vec::new();
                while let Some(member) = members.next_entry()? {
                    object.push(member);
                }
                Ok(Json::Object(object))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_is_the_same_table() {
        let expected = "date,y\n2023-01-01,1\n2023-01-02,2.5\n";
        for json in [
            r#"[{"date":"2023-01-01","y":1},{"date":"2023-01-02","y":2.5}]"#,
            "{\"date\":\"2023-01-01\",\"y\":1}\n{\"date\":\"2023-01-02\",\"y\":2.5}\n",
            r#"{"date":["2023-01-01","2023-01-02"],"y":[1,2.5]}"#,
            r#"[["date","y"],["2023-01-01",1],["2023-01-02",2.5]]"#,
            r#"{"columns":["date","y"],"index":[0,1],"data":[["2023-01-01",1],["2023-01-02",2.5]]}"#,
            r#"{"meta":{"n":2},"data":[{"date":"2023-01-01","y":1},{"date":"2023-01-02","y":2.5}]}"#,
        ] {
            assert_eq!(
                to_text(json.as_bytes()).unwrap().as_deref(),
                Some(expected),
                "{json}"
            );
        }
        let pandas = r#"{"date":{"0":"a","1":"b"},"y":{"0":1,"1":null}}"#;
        assert_eq!(
            to_text(pandas.as_bytes()).unwrap().unwrap(),
            "index,date,y\n0,a,1\n1,b,\n"
        );
        assert_eq!(to_text(b"[1,2]").unwrap(), None);
        assert!(to_text(b"[x]").is_err());
    }
}
