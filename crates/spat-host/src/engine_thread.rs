//! An engine session on its own thread: the thread owns the device, others send it requests.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use spat_engine::platform::engine_thread;
use spat_engine::session::{EngineSession, JobControl, RunStorage};
use spat_spec::{EngineMessage, EngineRequest};

/// An order with the bytes that came with it.
type QueuedRequest = (EngineRequest, Option<Vec<u8>>);

/// A handle on the thread. When it is dropped, what was ordered is still done; [`close`](Self::close)
/// stops it in good order.
#[derive(Debug)]
pub struct EngineThread {
    requests: Sender<QueuedRequest>,
    job_control: JobControl,
    thread: JoinHandle<()>,
}

impl EngineThread {
    /// Starts the thread. `emit` hears every notice, on that thread: [`EngineMessage::Ready`] first, and
    /// [`EngineMessage::Broken`] last if the engine breaks down.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start<S>(
        storage: S,
        emit: impl Fn(EngineMessage) + Send + Sync + 'static,
    ) -> io::Result<Self>
    where
        S: RunStorage + Send + 'static,
    {
        let (requests, queue) = channel::<QueuedRequest>();
        let job_control = JobControl::default();
        let control = job_control.clone();
        let work = move || {
            let emit = Arc::new(emit);
            let forward = Arc::clone(&emit);
            let mut session =
                EngineSession::new(storage, control.clone(), move |message| forward(message));
            emit(EngineMessage::Ready);
            let worked = catch_unwind(AssertUnwindSafe(|| {
                while let Ok((request, bytes)) = queue.recv() {
                    pollster::block_on(session.handle(request, bytes));
                }
            }));
            if let Err(panic) = worked {
                control.close();
                let words = panic
                    .downcast_ref::<String>()
                    .map(String::as_str)
                    .or_else(|| panic.downcast_ref::<&str>().copied());
                emit(EngineMessage::Broken {
                    message: words.unwrap_or("it gave no reason").to_owned(),
                });
            }
        };
        let thread = engine_thread("engine").spawn(work)?;
        Ok(Self {
            requests,
            job_control,
            thread,
        })
    }

    /// Sends an order: to the job that is going if it steers one, else to the queue.
    pub fn request(&self, request: EngineRequest, bytes: Option<Vec<u8>>) {
        if let Some(request) = self.job_control.intercept(request) {
            // A thread that broke down has said so.
            self.requests.send((request, bytes)).ok();
        }
    }

    /// The way to its job.
    pub fn job_control(&self) -> &JobControl {
        &self.job_control
    }

    /// Stops the job that is going, so that it can be gone on with, and waits until it is at rest.
    pub fn close(self) {
        self.job_control.close();
        drop(self.requests);
        // A thread that broke down has said so.
        self.thread.join().ok();
    }
}
