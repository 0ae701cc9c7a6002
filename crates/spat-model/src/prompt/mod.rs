//! Prompts: texts about the look-back of one channel, as token ids of GPT-2's vocabulary.
//!
//! Texts are those of KimMeen/Time-LLM. They contain numbers of the look-back, so they are made on the host with
//! the batches: reading a tensor back would be asynchronous.

mod tokenizer;

use burn::tensor::{Device, Int, Tensor, TensorData};
use spat_spec::{PromptSpec, Window};

use crate::layers::WINDOW_EPSILON;

use tokenizer::Tokenizer;

/// Time-LLM's description of ETT. Its published scripts use it for every data set.
const DESCRIPTION: &str = "The Electricity Transformer Temperature (ETT) is a crucial indicator in the electric power long-term deployment.";

/// Number of time lags that a prompt names.
const LAGS: usize = 5;

/// Makes the prompts of a model.
#[derive(Debug, Clone)]
pub struct Prompts {
    spec: PromptSpec,
    window: Window,
    tokenizer: Tokenizer,
}

impl Prompts {
    /// The prompts of a model that reads windows of this shape. The vocabulary has at least 257 tokens.
    pub fn new(spec: PromptSpec, window: Window) -> Self {
        Self {
            spec,
            window,
            tokenizer: Tokenizer::new(spec.vocabulary),
        }
    }

    /// Token ids of the prompts of some windows.
    ///
    /// # Shapes
    /// - `windows`: each scaled, `[lookback × C]` row-major
    /// - output: `[windows, C, tokens]`
    pub fn of_windows<'a>(
        &self,
        windows: impl IntoIterator<Item = &'a [f32]>,
        device: &Device,
    ) -> Tensor<3, Int> {
        let (channels, length) = (self.window.channels, self.spec.tokens);
        let mut ids = Vec::new();
        for window in windows {
            for channel in 0..channels {
                let values: Vec<f32> = window
                    .iter()
                    .skip(channel)
                    .step_by(channels)
                    .copied()
                    .collect();
                ids.extend(self.of_channel(&values));
            }
        }
        let count = ids.len() / (channels * length).max(1);
        Tensor::from_data(TensorData::new(ids, [count, channels, length]), device)
    }

    /// Token ids of one channel's prompt, cut off or filled up with the end of text to the prompt's length.
    fn of_channel(&self, values: &[f32]) -> impl Iterator<Item = i64> + use<> {
        let ids = self.tokenizer.encode(&text(values, self.window.horizon));
        let fill = std::iter::repeat(self.tokenizer.end_of_text);
        let ids = ids.into_iter().chain(fill).map(i64::from);
        ids.take(self.spec.tokens)
    }
}

/// The prompt of one channel, with its stray marks. Its statistics are those of the normalised look-back.
fn text(values: &[f32], horizon: usize) -> String {
    let lookback = values.len();
    let values = normalised(values);
    let mut sorted = values.clone();
    sorted.sort_by(f32::total_cmp);
    // Of an even number of values the lower one in the middle.
    let [min, median, max] = [
        0,
        lookback.saturating_sub(1) / 2,
        lookback.saturating_sub(1),
    ]
    .map(|place| number(sorted.get(place).copied().unwrap_or_default()));
    let direction = match (values.first(), values.last()) {
        (Some(first), Some(last)) if last > first => "upward",
        _ => "downward",
    };
    let lags = strongest_lags(&values);
    format!(
        "<|start_prompt|>Dataset description: {DESCRIPTION}Task description: forecast the next {horizon} steps \
         given the previous {lookback} steps information; Input statistics: min value {min}, max value {max}, \
         median value {median}, the trend of input is {direction}, top 5 lags are : {lags:?}<|<end_prompt>|>"
    )
}

/// Minus the mean and divided by the deviation, as the model normalises windows. Sums are in f64, so that the
/// text of a window is the same on every device.
fn normalised(values: &[f32]) -> Vec<f32> {
    let count = values.len().max(1) as f64;
    let mean = values.iter().copied().map(f64::from).sum::<f64>() / count;
    let squares = values
        .iter()
        .map(|&value| (f64::from(value) - mean).powi(2));
    let deviation = (squares.sum::<f64>() / count + WINDOW_EPSILON).sqrt();
    let values = values.iter();
    values
        .map(|&value| ((f64::from(value) - mean) / deviation) as f32)
        .collect()
}

/// The time lags at which a series correlates most with itself, its ends joined; lag 0 is one of them. Of lags
/// with equal correlations, which are at least those in both directions, smaller ones are first.
fn strongest_lags(values: &[f32]) -> Vec<usize> {
    let count = values.len();
    let correlation = |lag: usize| -> f64 {
        let shifted = values[lag..].iter().chain(&values[..lag]);
        let pairs = values.iter().zip(shifted);
        pairs.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
    };
    let half: Vec<f64> = (0..=count / 2).map(correlation).collect();
    let mut lags: Vec<usize> = (0..count).collect();
    let of = |lag: usize| half[lag.min(count - lag)];
    lags.sort_by(|&a, &b| of(b).total_cmp(&of(a)));
    lags.truncate(LAGS);
    lags
}

/// A number as Python prints the f64 of the same value: the shortest digits that identify it, with an exponent
/// below 1e-4 and from 1e16.
fn number(value: f32) -> String {
    let value = f64::from(value);
    let scientific = format!("{value:e}");
    let parts = scientific.split_once('e');
    let Some((digits, exponent)) =
        parts.and_then(|(digits, exponent)| Some((digits, exponent.parse::<i32>().ok()?)))
    else {
        return value.to_string();
    };
    if (-4..16).contains(&exponent) {
        return format!("{value:?}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Python's `str` of the f64 of an f32.
    #[test]
    fn numbers_are_printed_as_by_python() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-1.5, "-1.5"),
            (0.1, "0.10000000149011612"),
            (-1.234_567_9, "-1.2345678806304932"),
            (1e-4, "9.999999747378752e-05"),
            (1.220_703_1e-4, "0.0001220703125"),
            (1.192_092_9e-7, "1.1920928955078125e-07"),
            (1e16, "1.0000000272564224e+16"),
            (1.6e7, "16000000.0"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    /// What the steps of the public code give in PyTorch, in float64, for the same series, but for the order of
    /// equal lags, which rounding decides there.
    #[test]
    fn the_text_is_that_of_the_public_code() {
        let series: Vec<f32> = (0..24).map(|row| ((row * 7) % 24) as f32 - 3.0).collect();
        assert_eq!(
            text(&series, 12),
            "<|start_prompt|>Dataset description: The Electricity Transformer Temperature (ETT) is a crucial \
             indicator in the electric power long-term deployment.Task description: forecast the next 12 steps \
             given the previous 24 steps information; Input statistics: min value -1.6613246202468872, max value \
             1.6613246202468872, median value -0.07223150134086609, the trend of input is upward, top 5 lags are \
             : [0, 7, 17, 10, 14]<|<end_prompt>|>"
        );
    }

    #[test]
    fn lag_0_is_first_and_both_directions_are_there() {
        // A period of six rows.
        let series: Vec<f32> = (0..24)
            .map(|row| if row % 6 == 0 { 1.0 } else { -0.2 })
            .collect();
        assert_eq!(strongest_lags(&series), [0, 6, 12, 18, 1]);
        assert_eq!(strongest_lags(&[1.0, 2.0, -1.0]), [0, 1, 2]);
        // Of a constant all are equal.
        let constant = text(&[2.0; 8], 4);
        assert!(constant.contains("[0, 1, 2, 3, 4]"), "{constant}");
        assert!(
            constant.contains("min value 0.0, max value 0.0"),
            "{constant}"
        );
        assert!(constant.contains("downward"), "{constant}");
    }

    #[test]
    fn prompts_have_their_length_and_depend_on_their_channel_alone() {
        let window = Window::new(48, 12, 2);
        let values = |seed: usize| -> Vec<f32> {
            (0..96).map(|place| ((place * seed) % 31) as f32).collect()
        };
        let (one, other) = (values(17), values(23));
        let ids = |tokens: usize, windows: &[&[f32]]| -> Vec<i64> {
            let spec = PromptSpec {
                tokens,
                vocabulary: 50_257,
            };
            let prompts = Prompts::new(spec, window);
            let ids = prompts.of_windows(windows.iter().copied(), &Device::flex());
            assert_eq!(ids.dims(), [windows.len(), 2, tokens]);
            ids.into_data().iter::<i64>().collect()
        };
        let both = ids(200, &[&one, &other]);
        assert_eq!(both[..400], ids(200, &[&one]));
        assert_eq!(both[400..], ids(200, &[&other]));
        let length = both.iter().position(|&id| id == 50_256).unwrap();
        assert!(both[length..200].iter().all(|&id| id == 50_256));
        let first: Vec<f32> = one.iter().copied().step_by(2).collect();
        let whole = Tokenizer::new(50_257).encode(&text(&first, 12));
        assert!(
            both[..length].iter().eq(whole
                .iter()
                .map(|&id| i64::from(id))
                .collect::<Vec<_>>()
                .iter())
        );
        // Shorter ones lose their end.
        assert_eq!(ids(100, &[&one])[..100], both[..100]);
    }

    /// Of numbers as long as they become.
    #[test]
    fn the_default_length_holds_whole_prompts() {
        let config = spat_spec::TimeLlmConfig::new(Window::new(512, 720, 1));
        let tokenizer = Tokenizer::new(config.vocabulary);
        let longest = (1..200_usize)
            .map(|seed| {
                let values: Vec<f32> = (0..512)
                    .map(|row| ((row * row * seed) % 9973) as f32 / 7.3)
                    .collect();
                tokenizer.encode(&text(&values, 720)).len()
            })
            .max();
        let longest = longest.unwrap();
        assert!((120..=config.prompt_tokens).contains(&longest), "{longest}");
    }
}
