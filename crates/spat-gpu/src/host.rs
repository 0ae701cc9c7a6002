//! The reduction of sensitivities on the CPU by `spat-cpu`, with vector instructions and threads; the CPU
//! references are scalar.

use spat_cpu::{Dispersion, spreads};

use crate::reference::{self, Moments, RowSum};
use crate::task::Task;

/// The combined result of `reference::measure_spread` and `reference::disperse_rows`.
pub(crate) fn disperse_rows(sensitivity: &[f32], task: &Task) -> Vec<RowSum> {
    let partials: Vec<Moments> = match task.partials {
        0 => Vec::new(),
        _ => spreads(&task.permitted(sensitivity), task.absolute)
            .into_iter()
            .map(|spread| Moments {
                count: spread.count,
                scale: spread.scale,
                mean: spread.mean,
                squares: spread.squares,
            })
            .collect(),
    };
    let dispersion = Dispersion {
        rows: task.rows as usize,
        keys: task.keys as usize,
        rows_per_block: task.rows_per_block as usize,
        unit: reference::module_unit(&partials, task),
        absolute: task.absolute,
        unbiased: task.unbiased,
        causal: task.causal,
        by_length: task.weighs_by_length(),
    };
    spat_cpu::disperse_rows(sensitivity, &dispersion)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use spat_spec::{Deviation, Scaling, SendOptions, Sign};

    use super::*;

    fn options() -> impl Strategy<Value = SendOptions> {
        let scaling = prop_oneof![
            Just(Scaling::None),
            Just(Scaling::Standardise),
            Just(Scaling::SumLoss),
            (1e-3..1e2).prop_map(Scaling::Temperature),
        ];
        (scaling, any::<bool>(), any::<bool>()).prop_map(|(scaling, absolute, unbiased)| {
            SendOptions {
                scaling,
                sign: if absolute {
                    Sign::Absolute
                } else {
                    Sign::Signed
                },
                deviation: if unbiased {
                    Deviation::Unbiased
                } else {
                    Deviation::Population
                },
                ..SendOptions::default()
            }
        })
    }

    proptest! {
        #[test]
        fn the_kernels_agree_with_the_reference(
            (batch, heads, rows, keys) in (1_usize..4, 1_usize..4, 1_usize..40, 1_usize..200),
            options in options(),
            size in prop_oneof![Just(0.0_f32), 1e-38_f32..1e-36, 1e-9_f32..1e-3, 0.1_f32..30.0],
            missing in 0_usize..5,
            seed in any::<u32>(),
            causal in any::<bool>(),
        ) {
            let shape = [batch, heads, rows, keys];
            let task = Task::dispersion(shape, 96, &options).with_causal_rows(causal);
            let mut state = seed | 1;
            let mut values: Vec<f32> = (0..batch * heads * rows * keys)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    ((state >> 8) as f32 / 8_388_608.0 - 1.0) * size
                })
                .collect();
            for number in 0..missing {
                let place = (number * 7_919 + seed as usize) % values.len();
                values[place] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY][number % 3];
            }
            let partials = reference::measure_spread(&values, &task);
            let expected = reference::disperse_rows(&values, &partials, &task);
            let sums = disperse_rows(&values, &task);
            prop_assert_eq!(sums.len(), expected.len());
            for ([deviation, missing], [by_reference, missing_there]) in sums.iter().zip(&expected) {
                prop_assert_eq!(missing, missing_there);
                let error = (deviation - by_reference).abs();
                prop_assert!(error <= 1e-5 * by_reference.abs(), "{} and {}", deviation, by_reference);
            }
        }
    }
}
