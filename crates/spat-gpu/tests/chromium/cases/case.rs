//! A launch and its expected outputs.

use spat_gpu::encoder::Dispatch;
use spat_gpu::{Stage, Task};

/// One launch, its buffers, and the outputs of its CPU reference.
pub(crate) struct Case {
    pub(crate) stage: Stage,
    pub(crate) bindings: Vec<Bound>,
    pub(crate) uniform: Vec<u32>,
    pub(crate) grid: [u32; 2],
}

/// A buffer before a launch, and its expected values if the launch writes it.
pub(crate) struct Bound {
    pub(crate) before: Vec<f32>,
    pub(crate) after: Option<Vec<f32>>,
}

impl Case {
    /// A reduction: inputs, then one output.
    pub(crate) fn reduction(
        stage: Stage,
        inputs: Vec<Vec<f32>>,
        task: &Task,
        expected: Vec<f32>,
    ) -> Self {
        let mut bindings: Vec<Bound> = inputs.into_iter().map(given).collect();
        bindings.push(made(expected));
        Self {
            stage,
            bindings,
            uniform: task.uniform().to_vec(),
            grid: task.grid(),
        }
    }

    pub(crate) fn dispatch(dispatch: &Dispatch, bindings: Vec<Bound>) -> Self {
        Self {
            stage: dispatch.stage,
            bindings,
            uniform: dispatch.uniform.clone(),
            grid: dispatch.grid,
        }
    }
}

/// A read-only buffer.
pub(crate) fn given(values: Vec<f32>) -> Bound {
    Bound {
        before: values,
        after: None,
    }
}

/// A write-only buffer.
pub(crate) fn made(expected: Vec<f32>) -> Bound {
    changed(vec![0.0; expected.len()], expected)
}

/// A buffer that is read and written.
pub(crate) fn changed(before: Vec<f32>, after: Vec<f32>) -> Bound {
    Bound {
        before,
        after: Some(after),
    }
}

/// Small numbers, of the size of sensitivities.
pub(crate) fn numbers(length: usize) -> Vec<f32> {
    (0..length)
        .map(|place| ((place * 7_919 + 13) % 10_007) as f32 * 1e-6 - 4e-3)
        .collect()
}

/// Numbers from −2 to 2.
pub(crate) fn large(length: usize) -> Vec<f32> {
    (0..length)
        .map(|place| ((place * 7_919 + 13) % 10_007) as f32 * 4e-4 - 2.0)
        .collect()
}
