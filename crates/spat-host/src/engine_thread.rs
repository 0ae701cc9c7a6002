//! An engine session on its own thread, which owns the device; other threads send it requests.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use spat_engine::platform::engine_thread;
use spat_engine::session::{EngineSession, JobControl, RunStorage};
use spat_spec::{EngineMessage, EngineRequest};

/// A request with its bytes.
type QueuedRequest = (EngineRequest, Option<Vec<u8>>);

/// A handle to the thread. Dropping it lets the queued requests complete; [`close`](Self::close) stops the
/// running job first.
#[derive(Debug)]
pub struct EngineThread {
    requests: Sender<QueuedRequest>,
    job_control: JobControl,
    thread: JoinHandle<()>,
}

impl EngineThread {
    /// Starts the thread. It calls `emit` with every message: [`EngineMessage::Ready`] first, and
    /// [`EngineMessage::Broken`] last if the engine panics.
    ///
    /// # Errors
    /// The system refuses to start a thread.
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
                    message: words.unwrap_or("no message").to_owned(),
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

    /// Sends a request: a control command to the running job, anything else to the queue.
    pub fn request(&self, request: EngineRequest, bytes: Option<Vec<u8>>) {
        if let Some(request) = self.job_control.intercept(request) {
            // A thread that panicked has reported it.
            self.requests.send((request, bytes)).ok();
        }
    }

    /// The control of its job.
    pub fn job_control(&self) -> &JobControl {
        &self.job_control
    }

    /// Stops the running job, so that it can be resumed, and waits until the thread ends.
    pub fn close(self) {
        self.job_control.close();
        drop(self.requests);
        // A thread that panicked has reported it.
        self.thread.join().ok();
    }
}
