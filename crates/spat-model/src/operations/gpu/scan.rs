//! The selective scan of a Mamba block.

use burn::tensor::Tensor;
use spat_gpu::Buffer;
use spat_gpu::encoder::{ScanGradients, ScanShape, scan_tokens as forward, scan_tokens_backward};

use super::super::state_space::Scan;
use super::node::{Operand, Saved, output};

/// y of the scan, `[B · L, E]`.
pub(in super::super) fn scan(inputs: &Scan) -> Option<Tensor<2>> {
    let values = Operand::of(&inputs.u)?;
    let [states, width] = inputs.decay.dims();
    let [rows, _] = inputs.u.dims();
    // The parameters are one buffer: a stage has at most eight.
    let skip = inputs.skip.clone().reshape([1, width]);
    let operands = [
        values,
        Operand::of(&inputs.steps)?,
        Operand::of(&inputs.weights)?,
        Operand::of(&Tensor::cat(vec![inputs.decay.clone(), skip], 0))?,
    ];
    let [values, steps, weights, parameters] =
        operands.each_ref().map(|operand| operand.values.clone());
    let saved = Forward {
        values,
        steps,
        weights,
        parameters,
        shape: ScanShape {
            samples: inputs.batch,
            tokens: rows / inputs.batch,
            width,
            states,
        },
    };
    let y = forward(
        &saved.values,
        &saved.steps,
        &saved.weights,
        &saved.parameters,
        &saved.shape,
    );
    Some(output(operands, y, [rows, width], saved))
}

#[derive(Debug, Clone)]
struct Forward {
    values: Buffer,
    steps: Buffer,
    weights: Buffer,
    parameters: Buffer,
    shape: ScanShape,
}

impl Saved<4> for Forward {
    fn gradients(&self, gradient: &Buffer, _wanted: [bool; 4]) -> [Option<Buffer>; 4] {
        let gradients = scan_tokens_backward(
            gradient,
            &self.values,
            &self.steps,
            &self.weights,
            &self.parameters,
            &self.shape,
        );
        match gradients {
            Some(ScanGradients {
                values,
                steps,
                weights,
                parameters,
            }) => [values, steps, weights, parameters].map(Some),
            None => [None, None, None, None],
        }
    }
}
