//! Characters of a text with a known grammar.
//!
//! A sentence is a subject, three to eight fillers, a colon, the ending that agrees with the
//! subject, and a full stop:
//!
//! ```text
//! bmnomn:B.cooomnm:C.…
//! ```
//!
//! The character after a colon depends on the subject only, which is up to nine characters back: attention
//! must find it. Everything else is random with probabilities that the grammar defines, so the lowest
//! possible loss is known too.

use crate::synthetic::classifier::{Examples, Readout, Task};
use crate::synthetic::draw::Draw;

/// All characters, by index.
pub const ALPHABET: &str = "abcdmnoABCD:.";

const SUBJECTS: usize = 4;
const FILLERS: usize = 3;
const LEAST: usize = 3;
const MOST: usize = 8;
/// A whole sentence, and so the subject, always fits.
const WINDOW: usize = 24;
/// Characters before the window, so that it begins anywhere in a sentence.
const LEAD: usize = 40;

/// Prediction of the next character after a window of 24.
pub const TASK: Task = Task {
    tokens: WINDOW,
    features: ALPHABET.len(),
    classes: ALPHABET.len(),
    readout: Readout::Last,
};

/// One character of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Character {
    /// Index in the alphabet.
    number: usize,
    /// Its probability under the grammar, given the previous characters.
    chance: f64,
}

/// `count` windows of separate texts, each with the next character.
pub fn examples(seed: u64, stream: u64, number: u64, count: usize) -> Examples {
    let mut draw = Draw::new(seed, stream, number);
    let mut tokens = vec![0.0; count * WINDOW * TASK.features];
    let (mut labels, mut chances, mut telling) = (Vec::new(), Vec::new(), Vec::new());
    for example in 0..count {
        let length = LEAD + draw.below(MOST + 4);
        let text = write(&mut draw, length + WINDOW + 1);
        let window = &text[length..];
        for (place, character) in window[..WINDOW].iter().enumerate() {
            tokens[(example * WINDOW + place) * TASK.features + character.number] = 1.0;
        }
        let next = window[WINDOW];
        labels.push(next.number);
        chances.push(next.chance);
        telling.push((7..11).contains(&next.number));
    }
    Examples::new(&TASK, tokens, labels, chances, telling)
}

fn write(draw: &mut Draw, length: usize) -> Vec<Character> {
    let mut text = Vec::with_capacity(length + MOST + 4);
    while text.len() < length {
        let subject = draw.below(SUBJECTS);
        text.push(Character {
            number: subject,
            chance: 1.0 / SUBJECTS as f64,
        });
        let fillers = LEAST + draw.below(MOST - LEAST + 1);
        for filler in 0..fillers {
            text.push(Character {
                number: SUBJECTS + draw.below(FILLERS),
                chance: (1.0 - stopping(filler)) / FILLERS as f64,
            });
        }
        text.push(Character {
            number: 11,
            chance: stopping(fillers),
        });
        text.push(Character {
            number: SUBJECTS + FILLERS + subject,
            chance: 1.0,
        });
        text.push(Character {
            number: 12,
            chance: 1.0,
        });
    }
    text.truncate(length);
    text
}

/// The probability of a colon after this many fillers: every length from 3 to 8 is equally probable.
fn stopping(fillers: usize) -> f64 {
    if fillers < LEAST {
        0.0
    } else {
        1.0 / (MOST - fillers + 1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_follow_the_grammar() {
        let text = write(&mut Draw::new(3, 0, 0), 400);
        let letters: Vec<char> = ALPHABET.chars().collect();
        let text: String = text
            .iter()
            .map(|character| letters[character.number])
            .collect();
        for sentence in text.split_inclusive('.').filter(|s| s.ends_with('.')) {
            let (head, tail) = sentence.split_once(':').unwrap();
            let subject = head.chars().next().unwrap();
            assert!("abcd".contains(subject), "{sentence}");
            assert_eq!(tail, format!("{}.", subject.to_ascii_uppercase()));
            assert!((3..=8).contains(&(head.len() - 1)), "{sentence}");
            assert!(head[1..].chars().all(|filler| "mno".contains(filler)));
        }
    }

    /// Lengths 3 to 8 are equally probable: all products of the probabilities to continue and to stop are
    /// 1/6.
    #[test]
    fn every_length_is_equally_probable() {
        let mut goes_on = 1.0;
        for fillers in 0..=MOST {
            let stops = goes_on * stopping(fillers);
            let expected = if fillers < LEAST { 0.0 } else { 1.0 / 6.0 };
            assert!((stops - expected).abs() < 1e-12, "{fillers}");
            goes_on *= 1.0 - stopping(fillers);
        }
        assert!(goes_on.abs() < 1e-12);
    }
}
