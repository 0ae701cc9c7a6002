//! The shaders in a browser: Chromium's compiler (Tint) rejects some code that naga accepts, and WebGPU
//! guarantees less than Vulkan. Runs in headless Chromium on its software adapter.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod browser;
mod cases;

use serde_json::{Value, json};
use spat_gpu::Stage;

use browser::ask;
use cases::Case;

#[test]
fn every_shader_agrees_with_its_reference_in_chromium() {
    let cases = cases::all();
    for stage in Stage::ALL {
        assert!(
            cases.iter().any(|case| case.stage == stage),
            "{stage:?} has no case"
        );
    }
    let question: Vec<Value> = cases
        .iter()
        .map(|case| {
            let bindings: Vec<Value> = case
                .bindings
                .iter()
                .map(|bound| json!({ "words": bits(&bound.before), "read": bound.after.is_some() }))
                .collect();
            json!({
                "source": case.stage.source(),
                "entry": case.stage.name(),
                "bindings": bindings,
                "task": case.uniform,
                "grid": case.grid,
            })
        })
        .collect();
    let answer = ask(&Value::Array(question).to_string());
    assert!(answer["error"].is_null(), "{}", answer["error"]);

    let outputs = answer["outputs"].as_array().unwrap();
    assert_eq!(outputs.len(), cases.len());
    for (outputs, case) in outputs.iter().zip(&cases) {
        let expected: Vec<&Vec<f32>> = case
            .bindings
            .iter()
            .filter_map(|bound| bound.after.as_ref())
            .collect();
        let outputs = outputs.as_array().unwrap();
        assert_eq!(outputs.len(), expected.len());
        for (number, (output, expected)) in outputs.iter().zip(expected).enumerate() {
            agree(case, number, output, expected);
        }
    }
}

fn agree(case: &Case, number: usize, output: &Value, expected: &[f32]) {
    let output = output.as_array().unwrap();
    assert_eq!(output.len(), expected.len());
    let largest = expected.iter().map(|value| value.abs()).fold(0.0, f32::max);
    // Element-wise values are compared individually, sums that may cancel relative to the largest of them,
    // and moments in their own unit.
    let size = match case.stage {
        Stage::DisperseRows | Stage::AccumulateScores | Stage::MeasureEntropy => f32::MIN_POSITIVE,
        Stage::MeasureSpread => 1.0,
        _ => largest.max(1e-3),
    };
    for (place, (value, expected)) in output.iter().zip(expected).enumerate() {
        let value = f32::from_bits(u32::try_from(value.as_u64().unwrap()).unwrap());
        assert!(
            (value - expected).abs() <= 1e-5 * expected.abs().max(size),
            "{:?} {:?}, output {number}, value {place}: {value:e} in Chromium, {expected:e} by the CPU reference",
            case.stage,
            case.uniform
        );
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}
