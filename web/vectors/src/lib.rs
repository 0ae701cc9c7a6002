//! Relaxed vector instructions: fused multiply-add, half the work of a product and an addition. Browsers
//! without them reject any module that contains them, so they are in a separate module of a few hundred
//! bytes, which uses the memory of the main module.
//!
//! The CPU decides how they round: once, as in native programs, or twice, as without them. The same browser
//! on the same machine gives the same digits.

use js_sys::WebAssembly::{self, Instance, Memory, Module, Table};
use js_sys::{Function, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};

/// `strip_product.wat`, assembled.
const MODULE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/strip_product.wasm"));

/// Makes the kernels' matrix products use fused instructions if the browser has them. Returns `true` if
/// this call enabled them.
///
/// # Errors
///
/// The browser has the instructions but cannot link the module.
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

    // A function's address is its index in this table.
    let table: Table = wasm_bindgen::function_table().unchecked_into();
    let place = table.grow(1)?;
    table.set(place, &function)?;
    Ok(set_kernel(place))
}

/// Sets the kernels' function to the one at an index of the table.
#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code)]
fn set_kernel(place: u32) -> bool {
    // SAFETY: on this target the address of a function is its index in the table, where a function of this
    // type was just set; it satisfies the contract of `set_strip_product` (`tests/fused.rs`).
    unsafe {
        let function: spat_cpu::StripProduct = std::mem::transmute(place as usize);
        spat_cpu::set_strip_product(function)
    }
}

/// There is no such table on other targets.
#[cfg(not(target_arch = "wasm32"))]
fn set_kernel(_place: u32) -> bool {
    false
}
