//! GPT-2's tokeniser: byte-level byte-pair encoding.
//!
//! `gpt2_merges.bin` has the 50,000 merges of GPT-2's `vocab.bpe` (OpenAI, MIT licence) in their order: the ranks of
//! the left and the right token, each a little-endian u16. Single bytes have the ranks 0 to 255, in an order in which
//! printable ones are first, and merge i makes the token of rank 256 + i.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The number of a token.
pub(super) type Rank = u16;

static MERGES: &[u8] = include_bytes!("gpt2_merges.bin");

/// Ranks of single bytes.
const BYTES: usize = 256;

/// Ranks of bytes and merges; the next one is that of the end of text.
const RANKS: usize = BYTES + 50_000;

/// The tokeniser, or its part with the first ranks.
#[derive(Clone)]
pub(super) struct Tokenizer {
    /// Rank of each single byte.
    bytes: [Rank; BYTES],
    /// Rank of the token that two neighbours are merged to.
    merges: Arc<HashMap<[Rank; 2], Rank>>,
    pub(super) end_of_text: Rank,
}

impl Tokenizer {
    /// With the ranks that a vocabulary has besides its end of text, and those of all bytes.
    pub(super) fn new(vocabulary: usize) -> Self {
        let ranks = vocabulary.saturating_sub(1).clamp(BYTES, RANKS);
        let merges = merges().zip(BYTES as Rank..).take(ranks - BYTES);
        Self {
            bytes: byte_ranks(),
            merges: Arc::new(merges.collect()),
            end_of_text: ranks as Rank,
        }
    }

    /// Marks such as `<|endoftext|>` are ordinary text.
    pub(super) fn encode(&self, text: &str) -> Vec<Rank> {
        let mut ids = Vec::new();
        for piece in pieces(text) {
            let bytes = piece.bytes().map(|byte| self.bytes[usize::from(byte)]);
            ids.extend(self.merged(bytes.collect()));
        }
        ids
    }

    /// Merges neighbours, those of the lowest rank first, until no two make a token.
    fn merged(&self, mut tokens: Vec<Rank>) -> Vec<Rank> {
        loop {
            let pairs = tokens.windows(2).enumerate();
            let best = pairs
                .filter_map(|(place, pair)| {
                    let rank = self.merges.get(&[pair[0], pair[1]])?;
                    Some((*rank, place))
                })
                .min();
            let Some((rank, place)) = best else {
                return tokens;
            };
            tokens[place] = rank;
            tokens.remove(place + 1);
        }
    }
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer")
            .field("end_of_text", &self.end_of_text)
            .finish_non_exhaustive()
    }
}

/// Left and right token of each merge, in the order of ranks.
fn merges() -> impl Iterator<Item = [Rank; 2]> {
    MERGES.chunks_exact(4).map(|pair| {
        [
            Rank::from_le_bytes([pair[0], pair[1]]),
            Rank::from_le_bytes([pair[2], pair[3]]),
        ]
    })
}

/// Whether GPT-2 shows a byte as the character of Latin-1 that it is.
fn is_printable(byte: u8) -> bool {
    matches!(byte, 33..=126 | 161..=172 | 174..=255)
}

fn byte_ranks() -> [Rank; BYTES] {
    let all = || 0..=u8::MAX;
    let ordered = all()
        .filter(|byte| is_printable(*byte))
        .chain(all().filter(|byte| !is_printable(*byte)));
    let mut ranks = [0; BYTES];
    for (byte, rank) in ordered.zip(0..) {
        ranks[usize::from(byte)] = rank;
    }
    ranks
}

/// The pieces of a text within which neighbours are merged: those that the rule of `encoder.py` finds,
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`. Letters are what Rust counts as
/// alphabetic, which outside ASCII has a few marks more than `\p{L}`.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (piece, others) = rest.split_at_checked(piece_length(rest)?)?;
        rest = others;
        Some(piece)
    })
}

/// Length in bytes of a text's first piece; `None` at its end.
fn piece_length(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    let endings = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];
    if let Some(ending) = endings.iter().find(|ending| text.starts_with(**ending)) {
        return Some(ending.len());
    }
    let after_space = text.strip_prefix(' ').unwrap_or(text);
    if let Some(kind) = after_space.chars().next().map(Kind::of)
        && kind != Kind::Space
    {
        let run = run_length(after_space, kind);
        return Some(text.len() - after_space.len() + run);
    }
    let spaces = run_length(text, Kind::Space);
    if spaces == text.len() {
        return Some(spaces);
    }
    // The last one is left for the next piece, unless it is the only one.
    let last = text[..spaces].chars().next_back().map_or(0, char::len_utf8);
    Some((spaces - last).max(first.len_utf8()))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Number,
    Space,
    Other,
}

impl Kind {
    fn of(character: char) -> Self {
        match character {
            character if character.is_numeric() => Self::Number,
            character if character.is_alphabetic() => Self::Letter,
            character if character.is_whitespace() => Self::Space,
            _ => Self::Other,
        }
    }
}

/// Length in bytes of the characters of one kind that a text begins with.
fn run_length(text: &str, kind: Kind) -> usize {
    text.find(|character| Kind::of(character) != kind)
        .unwrap_or(text.len())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The bytes of a token.
    fn bytes(id: Rank, all: &[[Rank; 2]]) -> Vec<u8> {
        match usize::from(id).checked_sub(BYTES) {
            None => {
                let place = byte_ranks().iter().position(|&rank| rank == id);
                vec![place.unwrap() as u8]
            }
            Some(merge) => all[merge]
                .iter()
                .flat_map(|&part| bytes(part, all))
                .collect(),
        }
    }

    fn decode(ids: &[Rank]) -> String {
        let all: Vec<_> = merges().collect();
        let bytes = ids.iter().flat_map(|&id| bytes(id, &all)).collect();
        String::from_utf8(bytes).unwrap()
    }

    /// Ids of tiktoken (`r50k_base`, crate tiktoken-rs 0.12.1).
    #[test]
    fn token_ids_are_those_of_gpt_2() {
        let tokenizer = Tokenizer::new(50_257);
        assert_eq!(tokenizer.end_of_text, 50_256);
        for (text, ids) in REFERENCE {
            assert_eq!(tokenizer.encode(text), *ids, "{text:?}");
        }
    }

    #[test]
    fn texts_are_read_back_from_their_tokens() {
        for vocabulary in [50_257, 60_000, 1000, 257] {
            let tokenizer = Tokenizer::new(vocabulary);
            for (text, _) in REFERENCE {
                let ids = tokenizer.encode(text);
                assert!(ids.iter().all(|&id| id < tokenizer.end_of_text));
                assert_eq!(decode(&ids), *text, "{vocabulary}");
            }
        }
    }

    #[test]
    fn a_small_vocabulary_has_bytes_and_its_first_merges() {
        let bytes = Tokenizer::new(257);
        assert_eq!(bytes.end_of_text, 256);
        assert_eq!(bytes.encode("min 1").len(), 5);
        // The first merge is that of a space and a t.
        assert_eq!(Tokenizer::new(258).encode(" to").len(), 2);
        assert_eq!(bytes.encode(" to").len(), 3);
    }

    /// Nothing is lost, and a space goes with the word after it.
    #[test]
    fn pieces_are_those_of_the_rule() {
        for (text, expected) in [
            (
                "it's 12.5°\n",
                &["it", "'s", " 12", ".", "5", "°", "\n"][..],
            ),
            ("a  b", &["a", " ", " b"]),
            ("a\n\nb", &["a", "\n", "\n", "b"]),
            ("a \n", &["a", " \n"]),
            ("we'll 'tis", &["we", "'ll", " '", "tis"]),
            ("'tis", &["'t", "is"]),
            ("<|end_of|>", &["<|", "end", "_", "of", "|>"]),
            ("", &[]),
        ] {
            let found: Vec<_> = pieces(text).collect();
            assert_eq!(found, expected, "{text:?}");
            assert_eq!(found.concat(), text);
        }
    }

    const REFERENCE: &[(&str, &[Rank])] = &[
        ("Hello world", &[15496, 995]),
        ("Hello, world!", &[15496, 11, 995, 0]),
        ("The quick brown fox", &[464, 2068, 7586, 21831]),
        ("<|endoftext|>", &[27, 91, 437, 1659, 5239, 91, 29]),
        (
            "<|start_prompt|>Dataset description: ",
            &[
                27, 91, 9688, 62, 16963, 457, 91, 29, 27354, 292, 316, 6764, 25, 220,
            ],
        ),
        (
            "]<|<end_prompt>|>",
            &[60, 27, 91, 27, 437, 62, 16963, 457, 29, 91, 29],
        ),
        (
            "min value -1.6613246202468872, max value 9.999999747378752e-05",
            &[
                1084, 1988, 532, 16, 13, 2791, 1485, 26912, 1238, 1731, 34427, 4761, 11, 3509,
                1988, 860, 13, 24214, 39647, 2857, 30695, 43665, 68, 12, 2713,
            ],
        ),
        (
            "top 5 lags are : [0, 7, 17, 10, 14]",
            &[
                4852, 642, 300, 3775, 389, 1058, 685, 15, 11, 767, 11, 1596, 11, 838, 11, 1478, 60,
            ],
        ),
        (
            "we'll 'tis it's  two   spaces\n\n and\tlines \n",
            &[
                732, 1183, 705, 48010, 340, 338, 220, 734, 220, 220, 9029, 628, 290, 197, 6615,
                220, 198,
            ],
        ),
        (
            "Zürich – 温度 12.5°",
            &[
                57, 9116, 7527, 784, 10545, 116, 102, 41753, 99, 1105, 13, 20, 7200,
            ],
        ),
        (
            "antidisestablishmentarianism 0000000 ----",
            &[415, 29207, 44390, 3699, 1042, 17643, 830, 13498],
        ),
        (
            "The Electricity Transformer Temperature (ETT) is a crucial indicator in the electric power long-term deployment.Task",
            &[
                464, 42048, 3602, 16354, 34467, 357, 2767, 51, 8, 318, 257, 8780, 16916, 287, 262,
                5186, 1176, 890, 12, 4354, 14833, 13, 25714,
            ],
        ),
        ("", &[]),
    ];
}
