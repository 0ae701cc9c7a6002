//! Compares the kernels with and without a browser's fused instructions.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

use spat_cpu::{Finish, linear, linear_backward};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Rows, inputs and outputs: inside a tile of the product, at its edges, and above a block of rows.
const SHAPES: [[usize; 3]; 8] = [
    [1, 1, 1],
    [3, 2, 7],
    [4, 8, 8],
    [5, 3, 9],
    [7, 1, 3],
    [50, 70, 23],
    [352, 128, 128],
    [200, 384, 128],
];

/// `x W` and its gradients for some `∂L/∂y`: every layout of a product in training.
fn products([rows, inputs, outputs]: [usize; 3], number: fn(usize) -> f32) -> Vec<f32> {
    let numbers = |count: usize, by: usize| (0..count).map(|place| number(place * by)).collect();
    let x: Vec<f32> = numbers(rows * inputs, 7);
    let weight: Vec<f32> = numbers(inputs * outputs, 5);
    let gradient: Vec<f32> = numbers(rows * outputs, 3);
    let finish = Finish::default();
    let y = linear(&x, &weight, None, inputs, finish, true).y;
    let gradients = linear_backward(&x, &weight, None, &gradient, inputs, finish, true);
    [y, gradients.x.unwrap(), gradients.weight].concat()
}

/// Whole numbers: sums of their products are exact, fused or not.
fn whole(place: usize) -> f32 {
    (place % 41) as f32 - 20.0
}

fn fractions(place: usize) -> f32 {
    (place % 1009) as f32 / 504.5 - 1.0
}

/// One test, because the instructions cannot be disabled again.
#[wasm_bindgen_test]
fn fused_products_equal_plain_products() {
    let all = |number| SHAPES.map(|shape| products(shape, number));
    let (exact, plain) = (all(whole), all(fractions));

    assert!(
        spat_web_vectors::fuse_products().unwrap(),
        "this browser has relaxed vector instructions"
    );
    assert_eq!(all(whole), exact);
    for (shape, (plain, fused)) in SHAPES.iter().zip(plain.iter().zip(all(fractions))) {
        for (plain, fused) in plain.iter().zip(fused) {
            // Up to 384 products of at most 1, each rounded to 2⁻²⁴ of a sum of at most 384.
            assert!(
                (plain - fused).abs() < 2e-4,
                "{shape:?}: {plain} and {fused}"
            );
        }
    }
    // Already enabled.
    assert!(!spat_web_vectors::fuse_products().unwrap());
}
