//! The engine in a browser worker: a session that owns the device and the shaders, receives requests from
//! the app and answers with messages. A worker named `study` runs studies instead.

mod messages;
mod run_files;
mod study;

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt as _;
use spat_engine::session::{EngineSession, JobControl};
use spat_spec::{EngineMessage, EngineRequest};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent, console};

use run_files::{BrowserRunStorage, Memory};

/// A request with its bytes.
type QueuedRequest = (EngineRequest, Option<Vec<u8>>);

fn main() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        messages::post(&EngineMessage::Broken {
            message: panic.to_string(),
        });
    }));
    if let Err(error) = spat_web_vectors::fuse_products() {
        // Products are slower, with equal results up to rounding.
        console::warn_1(&error);
    }
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    if scope.name() == study::NAME {
        return study::serve(&scope);
    }
    let job_control = JobControl::default();
    let (requests, queue) = unbounded();
    let memory = Memory::default();
    listen(&scope, requests, job_control.clone(), memory.clone());
    messages::post(&EngineMessage::Ready);
    let storage = BrowserRunStorage { memory };
    wasm_bindgen_futures::spawn_local(work(queue, job_control, storage));
}

/// Receives messages. Requests that control a running job go to it, others to the queue. A string is the
/// name of a file that only this worker has.
fn listen(
    scope: &DedicatedWorkerGlobalScope,
    requests: UnboundedSender<QueuedRequest>,
    job_control: JobControl,
    memory: Memory,
) {
    let take = move |message: MessageEvent| match messages::read::<EngineRequest>(&message.data()) {
        _ if message.data().is_string() => {
            let name = message.data().as_string().unwrap_or_default();
            messages::post_file(memory.file(&name));
        }
        Ok((request, bytes)) => {
            if let Some(request) = job_control.intercept(request) {
                requests.unbounded_send((request, bytes)).ok();
            }
        }
        Err(reason) => messages::post(&EngineMessage::Broken {
            message: format!(
                "the app and its engine have different versions ({reason}); reload the app"
            ),
        }),
    };
    let take = Closure::<dyn FnMut(MessageEvent)>::new(take);
    scope.set_onmessage(Some(take.as_ref().unchecked_ref()));
    // Leaked: used until the worker ends.
    take.forget();
}

/// Handles queued requests one after the other.
async fn work(
    mut queue: UnboundedReceiver<QueuedRequest>,
    job_control: JobControl,
    storage: BrowserRunStorage,
) {
    let mut session = EngineSession::new(storage, job_control, |message| messages::post(&message));
    while let Some((request, bytes)) = queue.next().await {
        session.handle(request, bytes).await;
    }
}
