//! Relaxed vector instructions: a product fused with its addition, half the work of the two apart. A
//! browser that does not know them refuses any module that has them, so they have a module of their own,
//! a few hundred bytes, which works in the memory of the module that it is offered to.
//!
//! What they round is up to the CPU: fused, as native programs compute, or apart, as without them. The
//! same browser on the same machine gives the same digits.

use js_sys::WebAssembly::{self, Instance, Memory, Module, Table};
use js_sys::{Function, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};

/// `strip_product.wat`, assembled.
const MODULE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/strip_product.wasm"));

/// Has the kernels' matrix products use fused instructions, where this browser has them: true if they do
/// from now on.
///
/// # Errors
///
/// What the browser says where it knows the instructions and cannot link the module.
pub fn fuse_products() -> Result<bool, JsValue> {
    let bytes = Uint8Array::from(MODULE);
    if !WebAssembly::validate(&bytes)? {
        return Ok(false);
    }
    let memory: Memory = wasm_bindgen::memory().unchecked_into();
    let (kernels, imports) = (Object::new(), Object::new());
    Reflect::set(&kernels, &"memory".into(), &memory)?;
    Reflect::set(&imports, &"kernels".into(), &kernels)?;
    let instance = Instance::new(&Module::new(&bytes)?, &imports)?;
    let function = Reflect::get(&instance.exports(), &"strip_product".into())?;
    let function: Function = function.dyn_into()?;

    // A function's address is its place in this table.
    let table: Table = wasm_bindgen::function_table().unchecked_into();
    let place = table.grow(1)?;
    table.set(place, &function)?;
    Ok(hand_over(place))
}

/// Gives the kernels the function at a place of the table.
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code)]
fn hand_over(place: u32) -> bool {
    // SAFETY: on this target an address of a function is its place in the table, where a function of this
    // very type was just set; it does what `set_strip_product` asks for (`tests/fused.rs`).
    unsafe {
        let function: spat_cpu::StripProduct = std::mem::transmute(place as usize);
        spat_cpu::set_strip_product(function)
    }
}

/// Only a browser has such a table.
#[cfg(not(target_arch = "wasm32"))]
fn hand_over(_place: u32) -> bool {
    false
}
