//! Messages as a browser passes them from one thread to another.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

use js_sys::{Array, Function, Object, Reflect, Uint8Array};
use spat_spec::{Command, Engine, EngineMessage, EngineRequest, Event};
use spat_wire::{pack, unpack, unpack_message};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

/// What arrives of a message whose buffers are handed over.
fn sent(message: &JsValue, buffers: &Array) -> JsValue {
    let options = Object::new();
    Reflect::set(&options, &"transfer".into(), buffers).unwrap();
    let clone = Reflect::get(&js_sys::global(), &"structuredClone".into()).unwrap();
    let clone: Function = clone.unchecked_into();
    clone.call2(&JsValue::UNDEFINED, message, &options).unwrap()
}

#[wasm_bindgen_test]
fn an_order_arrives_with_its_table_and_nothing_is_copied() {
    let request = EngineRequest::Open {
        run: "größe-1".to_owned(),
        table: "table.csv".to_owned(),
        engine: Engine::Cpu,
    };
    let table: Vec<u8> = (0..200_000_u32).map(|byte| byte as u8).collect();
    let (message, buffers) = pack(&request, Some(&table)).unwrap();
    assert_eq!(buffers.length(), 2);
    let arrived = sent(&message, &buffers);
    for part in message.iter() {
        assert_eq!(
            part.unchecked_into::<Uint8Array>().length(),
            0,
            "it was moved"
        );
    }
    let (read, bytes) = unpack::<EngineRequest>(&arrived).unwrap();
    assert_eq!((read, bytes), (request, Some(table)));
}

#[wasm_bindgen_test]
fn an_order_without_bytes_has_one_buffer() {
    let request = EngineRequest::Command(Command::Step { steps: 3 });
    let (message, buffers) = pack(&request, None).unwrap();
    assert_eq!(buffers.length(), 1);
    let (read, bytes) = unpack::<EngineRequest>(&sent(&message, &buffers)).unwrap();
    assert_eq!((read, bytes), (request, None));
}

#[wasm_bindgen_test]
fn a_notice_arrives_as_it_was_told() {
    let message = EngineMessage::Event(Box::new(Event::Warning {
        message: "a \"word\" and a line\n".to_owned(),
    }));
    let (message, buffers) = pack(&message, None).unwrap();
    assert_eq!(unpack_message(&sent(&message, &buffers)).unwrap(), message);
}

#[wasm_bindgen_test]
fn what_is_no_message_is_refused() {
    let text = Array::of1(&Uint8Array::from(&b"{}"[..]));
    for strange in [
        JsValue::UNDEFINED,
        JsValue::from_str("an order"),
        Array::new().into(),
        Array::of1(&JsValue::from_f64(1.0)).into(),
        text.into(),
    ] {
        assert!(unpack::<EngineRequest>(&strange).is_err());
        assert!(unpack_message(&strange).is_err());
    }
}
