//! Prompts: texts about the look-back of one channel, as token ids of GPT-2's vocabulary.
//!
//! Texts are those of KimMeen/Time-LLM. They contain numbers of the look-back, so they are made on the host with
//! the batches: reading a tensor back would be asynchronous.

use std::fmt;
use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor, TensorData};
use spat_spec::{PromptSpec, Window};
use tiktoken_rs::{CoreBPE, Rank, r50k_base_singleton};

use crate::layers::WINDOW_EPSILON;

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

/// GPT-2's byte-level byte-pair encoding, or its part with the first ranks.
#[derive(Clone)]
struct Tokenizer {
    /// `None` for all ranks.
    part: Option<Arc<CoreBPE>>,
    end_of_text: Rank,
}

/// Ranks of bytes and pairs; the next one is that of the end of text.
const RANKS: Rank = 50_256;

/// GPT-2's rule by which a text is split before pairs are merged.
const PIECES: &str =
    r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s";

impl Tokenizer {
    /// With the ranks that a vocabulary has besides its end of text.
    fn new(vocabulary: usize) -> Self {
        let ranks = Rank::try_from(vocabulary.saturating_sub(1)).unwrap_or(RANKS);
        if ranks >= RANKS {
            return Self {
                part: None,
                end_of_text: RANKS,
            };
        }
        let all = r50k_base_singleton();
        let encoder = (0..ranks).filter_map(|rank| Some((all.decode_bytes(&[rank]).ok()?, rank)));
        let part = CoreBPE::new(encoder.collect(), Default::default(), PIECES);
        Self {
            // The rule is a constant, so that it always compiles.
            part: part.ok().map(Arc::new),
            end_of_text: ranks,
        }
    }

    /// Marks such as `<|endoftext|>` are ordinary text.
    fn encode(&self, text: &str) -> Vec<Rank> {
        let encoding = match &self.part {
            Some(part) => part,
            None => r50k_base_singleton(),
        };
        encoding.encode_ordinary(text)
    }
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer")
            .field("end_of_text", &self.end_of_text)
            .finish_non_exhaustive()
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

    #[test]
    fn token_ids_are_those_of_gpt_2() {
        let tokenizer = Tokenizer::new(50_257);
        assert_eq!(tokenizer.end_of_text, 50_256);
        for (text, ids) in [
            ("Hello world", &[15496, 995][..]),
            ("Hello, world!", &[15496, 11, 995, 0]),
            ("The quick brown fox", &[464, 2068, 7586, 21831]),
            // Marks are ordinary text.
            ("<|endoftext|>", &[27, 91, 437, 1659, 5239, 91, 29]),
            ("<|start_prompt|>", &[27, 91, 9688, 62, 16963, 457, 91, 29]),
        ] {
            assert_eq!(tokenizer.encode(text), ids, "{text}");
        }
    }

    fn decode(ids: &[Rank]) -> String {
        let bytes = r50k_base_singleton().decode_bytes(ids).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn texts_are_read_back_from_their_tokens() {
        let text = text(&[0.5, -1.25, 3.0, 7.5], 96);
        for vocabulary in [50_257, 60_000, 1000, 257] {
            let tokenizer = Tokenizer::new(vocabulary);
            for text in [text.as_str(), "Zürich – 温度 12.5°\n\n  x", ""] {
                let ids = tokenizer.encode(text);
                assert!(ids.iter().all(|&id| id < tokenizer.end_of_text));
                assert_eq!(decode(&ids), text, "{vocabulary}");
            }
        }
    }

    #[test]
    fn a_small_vocabulary_has_bytes_and_its_first_pairs() {
        let bytes = Tokenizer::new(257);
        assert_eq!(bytes.end_of_text, 256);
        assert_eq!(bytes.encode("min 1").len(), 5);
        // Rank 256 is a space and a t, the first pair that was merged.
        assert_eq!(Tokenizer::new(258).encode(" to").len(), 2);
        assert_eq!(bytes.encode(" to").len(), 3);
    }

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
        let prompt: Vec<Rank> = both[..200].iter().map(|&id| id as Rank).collect();
        let length = prompt.iter().position(|&id| id == 50_256).unwrap();
        assert!(prompt[length..].iter().all(|&id| id == 50_256));
        let text = decode(&prompt[..length]);
        assert!(text.ends_with("]<|<end_prompt>|>"), "{text}");
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
