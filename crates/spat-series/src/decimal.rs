//! Decimal numbers, rounded exactly. The standard library's reader is faster on long numbers and rests on
//! ten kilobytes of powers of five, a fortieth of the page's module; this one is a page of code.

/// Digits that can decide how an f64 is rounded (there are 767); of those after them it matters only
/// whether one is not 0.
const DIGITS: usize = 800;

/// Powers of ten beyond which every f64 is an infinity, or zero.
const FAR: i64 = 400;

/// The f64 nearest to a number such as `-12.5e-3`, of two equally near the even one; an infinity beyond
/// its range. `None` for anything else, words such as `inf` among it.
pub fn decimal(text: &str) -> Option<f64> {
    nearest(text, 53, -1074)
}

/// The f32 nearest to a number, as [`decimal`].
pub(crate) fn short_decimal(text: &str) -> Option<f32> {
    // Nothing is rounded here: it is an f32 already, or beyond the range.
    nearest(text, 24, -149).map(|number| number as f32)
}

/// A number rounded to `precision` binary digits, or to multiples of 2^`least` where that is coarser.
fn nearest(text: &str, precision: i64, least: i64) -> Option<f64> {
    let (sign, number) = match text.as_bytes() {
        [b'-', rest @ ..] => (-1.0, rest),
        [b'+', rest @ ..] => (1.0, rest),
        all => (1.0, all),
    };
    let mut whole = Natural::default();
    let (mut digits, mut after, mut ten, mut rest) = (0, None, 0_i64, false);
    let mut place = 0;
    while let Some(&byte) = number.get(place) {
        match byte {
            b'0'..=b'9' => {
                if whole.digits < DIGITS {
                    whole.push(byte - b'0');
                } else {
                    ten += 1;
                    rest |= byte != b'0';
                }
                digits += 1;
            }
            b'.' if after.is_none() => after = Some(digits),
            b'e' | b'E' => break,
            _ => return None,
        }
        place += 1;
    }
    if digits == 0 {
        return None;
    }
    ten -= after.map_or(0, |after| digits - after);
    if place < number.len() {
        ten = ten.saturating_add(exponent(&number[place + 1..])?);
    }
    let size = ten.saturating_add(whole.digits as i64);
    if whole.limbs.is_empty() || size < -FAR {
        return Some(sign * 0.0);
    }
    if size > FAR {
        return Some(sign * f64::INFINITY);
    }
    let (two, left) = whole.times_ten_to(ten);
    rest |= left;

    let lowest = (whole.length() + two - precision).max(least);
    let cut = lowest - two;
    let mut kept = 0_u64;
    for bit in (cut..whole.length()).rev() {
        kept = kept << 1 | u64::from(whole.bit(bit));
    }
    let half = whole.bit(cut - 1);
    let more = rest || (0..cut - 1).any(|bit| whole.bit(bit));
    if half && (more || kept & 1 == 1) {
        kept += 1;
    }
    Some(sign * kept as f64 * two_to(lowest))
}

/// What stands behind the `e`, held to a size that cannot overflow.
fn exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    let mut value = 0_i64;
    for byte in digits {
        let digit = byte.is_ascii_digit().then(|| i64::from(byte - b'0'))?;
        value = (value * 10 + digit).min(1 << 40);
    }
    let value = if negative { -value } else { value };
    (!digits.is_empty()).then_some(value)
}

/// 2^`power`, exactly, for the powers that an f64 has; more for those above.
fn two_to(power: i64) -> f64 {
    let bits = match power.min(1023) {
        power if power < -1022 => 1 << (power + 1074),
        power => (power + 1023) << 52,
    };
    f64::from_bits(bits as u64)
}

/// A whole number of any size.
#[derive(Default)]
struct Natural {
    /// In base 2^32, the least first; none of the last is 0.
    limbs: Vec<u32>,
    /// Decimal digits that were pushed after the first that is not 0.
    digits: usize,
}

impl Natural {
    fn push(&mut self, digit: u8) {
        self.multiply(10, u32::from(digit));
        self.digits += usize::from(!self.limbs.is_empty());
    }

    /// Times `factor`, plus `carry`.
    fn multiply(&mut self, factor: u32, mut carry: u32) {
        for limb in &mut self.limbs {
            let product = u64::from(*limb) * u64::from(factor) + u64::from(carry);
            *limb = product as u32;
            carry = (product >> 32) as u32;
        }
        if carry > 0 {
            self.limbs.push(carry);
        }
    }

    /// Divides, rounding down; whether something was left.
    fn divide(&mut self, divisor: u32) -> bool {
        let mut left = 0;
        for limb in self.limbs.iter_mut().rev() {
            let part = left << 32 | u64::from(*limb);
            *limb = (part / u64::from(divisor)) as u32;
            left = part % u64::from(divisor);
        }
        while self.limbs.last() == Some(&0) {
            self.limbs.pop();
        }
        left > 0
    }

    /// Multiplies by 10^`ten`, divided by the power of two that is returned, and tells whether a
    /// remainder was dropped far below the digits that count.
    fn times_ten_to(&mut self, ten: i64) -> (i64, bool) {
        let nines = |ten: i64| {
            let power = move |done: i64| 10_u32.pow((ten - done).min(9) as u32);
            (0..ten).step_by(9).map(power)
        };
        nines(ten).for_each(|power| self.multiply(power, 0));
        if ten >= 0 {
            return (0, false);
        }
        // A power of ten has a third of a decimal digit per binary one, at most: 96 bits are left.
        let room = -ten as usize * 10 / 3 / 32 + 4;
        self.limbs.splice(0..0, std::iter::repeat_n(0, room));
        let left = nines(-ten).fold(false, |left, power| self.divide(power) | left);
        (-32 * room as i64, left)
    }

    /// How many binary digits it has.
    fn length(&self) -> i64 {
        let top = self.limbs.last().map_or(32, |limb| limb.leading_zeros());
        32 * self.limbs.len() as i64 - i64::from(top % 32)
    }

    /// A binary digit; 0 where there is none.
    fn bit(&self, place: i64) -> bool {
        let limb = usize::try_from(place / 32).ok().filter(|_| place >= 0);
        let limb = limb.and_then(|limb| self.limbs.get(limb)).copied();
        limb.unwrap_or(0) >> (place & 31) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn same(text: &str) {
        let plain = |text: &str| !text.contains(['n', 'N', 'i', 'I']);
        let wide = text.parse::<f64>().ok().filter(|_| plain(text));
        let narrow = text.parse::<f32>().ok().filter(|_| plain(text));
        assert_eq!(
            decimal(text).map(f64::to_bits),
            wide.map(f64::to_bits),
            "{text}"
        );
        assert_eq!(
            short_decimal(text).map(f32::to_bits),
            narrow.map(f32::to_bits),
            "{text}"
        );
    }

    #[test]
    fn the_edges_are_those_of_the_standard_library() {
        for text in [
            "",
            "-",
            ".",
            "-.",
            "e5",
            "1e",
            "1e+",
            "1e5",
            "+1.5E-3",
            "1.",
            ".5",
            "1.2.3",
            "1e5.0",
            "1,5",
            "inf",
            "nan",
            "-0",
            "0e999999999999",
            "1e400",
            "-1e400",
            "1e-400",
            "0x10",
            "1_000",
            " 1",
            "5e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "4.9e-324",
            "2.2250738585072011e-308",
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "3.4028235e38",
            "3.4028236e38",
            "3.40282357e38",
            "1.1754942e-38",
            "7e-46",
            "7.1e-46",
            "1e-45",
            "9007199254740993",
            "9007199254740992.9999999999",
            "9007199254740993.0000000001",
            "16777217",
            "0.1",
            "123456789012345678901234567890",
            "1e23",
            "8.5e22",
            "1e99999999999999999999",
        ] {
            same(text);
        }
    }

    #[test]
    fn a_digit_far_behind_decides_a_tie() {
        let tie = "1.00000000000000011102230246251565404236316680908203125";
        for more in ["", "0", &"0".repeat(2000)] {
            same(&format!("{tie}{more}"));
            same(&format!("{tie}{more}1"));
        }
        same(&"9".repeat(5000));
        same(&format!("0.{}1", "0".repeat(300)));
        same(&format!("{}e-{}", "1".repeat(900), 905));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn every_number_is_read_as_it_was_written(bits: u64, few in 0..20_usize) {
            let (wide, narrow) = (f64::from_bits(bits), f32::from_bits(bits as u32));
            for text in [format!("{wide:e}"), format!("{wide:.few$e}"), format!("{narrow:e}"), format!("{narrow:.few$}")] {
                same(&text);
            }
        }

        #[test]
        fn decimals_are_those_of_the_standard_library(text in "-?[0-9]{1,25}(\\.[0-9]{0,25})?(e-?[0-9]{1,3})?") {
            same(&text);
        }
    }
}
