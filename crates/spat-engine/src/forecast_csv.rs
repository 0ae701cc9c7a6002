//! Forecasts as CSV.

use spat_report::csv_field;
use spat_series::{LongColumns, Shape, format_with_offset};

use crate::saved::Future;

impl Future {
    /// CSV in original units: one line per row and channel, or, for a table in long
    /// format, its columns with one line per series and row.
    pub fn to_csv(&self, shape: &Shape) -> String {
        match shape {
            Shape::Long(long) => self.to_long_csv(long),
            Shape::Rows | Shape::Transposed | Shape::MonthsAcross => self.to_tidy_csv(),
        }
    }

    fn to_tidy_csv(&self) -> String {
        let mut text = String::from("row,stamp,channel,forecast");
        for level in self.levels() {
            text.push_str(&format!(",lower_{level},upper_{level}"));
        }
        text.push('\n');
        for place in 0..self.values.len() {
            let step = place / self.channels.len();
            let timestamp = self.timestamps.get(step).map_or("", String::as_str);
            let channel = csv_field(&self.channels[place % self.channels.len()]);
            text.push_str(&format!("{},{timestamp},{channel}", self.first_row + step));
            text.push_str(&format!(",{}", self.number(place, 0.0)));
            for interval in 0..self.intervals.len() {
                text.push_str(&self.bounds(place, interval));
            }
            text.push('\n');
        }
        text
    }

    /// The columns of the table: series, time and values, and the bounds of each value's intervals.
    fn to_long_csv(&self, long: &LongColumns) -> String {
        let mut names = vec![long.id.clone(), long.time.clone()];
        names.extend(long.values.iter().cloned());
        for value in &long.values {
            for level in self.levels() {
                names.push(format!("{value}_lower_{level}"));
                names.push(format!("{value}_upper_{level}"));
            }
        }
        let names: Vec<String> = names.iter().map(|name| csv_field(name)).collect();
        let mut text = names.join(",") + "\n";
        let channels = self.channels.len().max(1);
        for (id, of_values) in self.series(long) {
            for step in 0..self.values.len() / channels {
                let time = match self.timestamps.get(step) {
                    Some(timestamp) => timestamp.clone(),
                    None => (self.first_row + step).to_string(),
                };
                text.push_str(&format!("{},{time}", csv_field(id)));
                let places = of_values
                    .iter()
                    .map(|channel| channel.map(|channel| step * channels + channel));
                for place in places.clone() {
                    let number = place.map_or_else(String::new, |place| self.number(place, 0.0));
                    text.push_str(&format!(",{number}"));
                }
                for place in places {
                    for interval in 0..self.intervals.len() {
                        text.push_str(
                            &place.map_or_else(
                                || ",,".to_owned(),
                                |place| self.bounds(place, interval),
                            ),
                        );
                    }
                }
                text.push('\n');
            }
        }
        text
    }

    /// The series of a table in long format, in the order of the channels, each with the
    /// channel of each of its values. Channels are named by their series, or by series and value where
    /// there are several values.
    fn series<'a>(&'a self, long: &LongColumns) -> Vec<(&'a str, Vec<Option<usize>>)> {
        let mut series: Vec<(&str, Vec<Option<usize>>)> = Vec::new();
        for (channel, name) in self.channels.iter().enumerate() {
            let (id, value) = match long.values.as_slice() {
                [_] => (name.as_str(), 0),
                values => {
                    let ends = |value: &String| name.strip_suffix(value)?.strip_suffix(' ');
                    let found = values.iter().enumerate();
                    let found = found.filter_map(|(place, value)| Some((ends(value)?, place)));
                    // The longest value's name is the one that was appended to the series' name.
                    found.min_by_key(|(id, _)| id.len()).unwrap_or((name, 0))
                }
            };
            let place = match series.iter().position(|(known, _)| *known == id) {
                Some(place) => place,
                None => {
                    series.push((id, vec![None; long.values.len()]));
                    series.len() - 1
                }
            };
            if let Some(slot) = series[place].1.get_mut(value) {
                *slot = Some(channel);
            }
        }
        series
    }

    /// The levels of the intervals in percent.
    fn levels(&self) -> impl Iterator<Item = f64> + '_ {
        self.intervals
            .iter()
            .map(|(level, _)| (level * 100.0).round())
    }

    /// A forecast moved by `change`, in original units.
    fn number(&self, place: usize, change: f32) -> String {
        let channel = place % self.channels.len();
        let offset = self.offsets.get(channel).copied().unwrap_or(0.0);
        format_with_offset(self.values[place] + change, offset)
    }

    /// The bounds of an interval as two cells.
    fn bounds(&self, place: usize, interval: usize) -> String {
        let width = self.intervals[interval].1[place];
        format!(
            ",{},{}",
            self.number(place, -width),
            self.number(place, width)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn future(channels: &[&str]) -> Future {
        let count = channels.len();
        Future {
            channels: channels.iter().map(ToString::to_string).collect(),
            timestamps: vec![
                "2024-01-01 00:00:00Z".to_owned(),
                "2024-01-02 00:00:00Z".to_owned(),
            ],
            first_row: 7,
            values: (0..2 * count).map(|place| place as f32).collect(),
            offsets: Vec::new(),
            intervals: vec![(0.8, vec![0.5; 2 * count])],
        }
    }

    fn long(values: &[&str]) -> Shape {
        Shape::Long(LongColumns {
            id: "unique_id".to_owned(),
            time: "ds".to_owned(),
            values: values.iter().map(ToString::to_string).collect(),
        })
    }

    #[test]
    fn a_line_per_row_and_channel() {
        let mut future = future(&["a", "b"]);
        future.offsets = vec![0.0, 123_456_789.0];
        let text = future.to_csv(&Shape::Rows);
        let expected = "row,stamp,channel,forecast,lower_80,upper_80\n\
                        7,2024-01-01 00:00:00Z,a,0,-0.5,0.5\n\
                        7,2024-01-01 00:00:00Z,b,123456790,123456789.5,123456790.5\n\
                        8,2024-01-02 00:00:00Z,a,2,1.5,2.5\n\
                        8,2024-01-02 00:00:00Z,b,123456792,123456791.5,123456792.5\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn series_below_each_other_stay_so() {
        let text = future(&["H1", "H, 2"]).to_csv(&long(&["y"]));
        let expected = "unique_id,ds,y,y_lower_80,y_upper_80\n\
                        H1,2024-01-01 00:00:00Z,0,-0.5,0.5\n\
                        H1,2024-01-02 00:00:00Z,2,1.5,2.5\n\
                        \"H, 2\",2024-01-01 00:00:00Z,1,0.5,1.5\n\
                        \"H, 2\",2024-01-02 00:00:00Z,3,2.5,3.5\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn several_values_are_columns_of_their_series() {
        let mut future = future(&["A y", "A temp", "B temp"]);
        future.intervals.clear();
        future.timestamps.clear();
        let text = future.to_csv(&long(&["y", "temp"]));
        let expected = "unique_id,ds,y,temp\nA,7,0,1\nA,8,3,4\nB,7,,2\nB,8,,5\n";
        assert_eq!(text, expected);
    }
}
