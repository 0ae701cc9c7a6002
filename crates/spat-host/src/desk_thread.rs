//! A desk on a thread of its own: the thread owns the device, others send it orders.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use spat_engine::desk::{Desk, Shelf, Steering};
use spat_spec::{Notice, Order};

/// Deep structures nest deeply while gradients are taken.
const STACK: usize = 64 << 20;

/// An order with the bytes that came with it.
type Letter = (Order, Option<Vec<u8>>);

/// A handle on the thread. When it is dropped, what was ordered is still done; [`close`](Self::close)
/// stops it in good order.
#[derive(Debug)]
pub struct DeskThread {
    orders: Sender<Letter>,
    steering: Steering,
    thread: JoinHandle<()>,
}

impl DeskThread {
    /// Starts the thread. `say` hears every notice, on that thread: [`Notice::Ready`] first, and
    /// [`Notice::Broken`] last if the engine breaks down.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start<S>(shelf: S, say: impl Fn(Notice) + Send + Sync + 'static) -> io::Result<Self>
    where
        S: Shelf + Send + 'static,
    {
        let (orders, queue) = channel::<Letter>();
        let steering = Steering::default();
        let reach = steering.clone();
        let work = move || {
            let say = Arc::new(say);
            let tell = Arc::clone(&say);
            let mut desk = Desk::new(shelf, reach.clone(), move |notice| tell(notice));
            say(Notice::Ready);
            let worked = catch_unwind(AssertUnwindSafe(|| {
                while let Ok((order, bytes)) = queue.recv() {
                    pollster::block_on(desk.obey(order, bytes));
                }
            }));
            if let Err(panic) = worked {
                reach.close();
                let words = panic
                    .downcast_ref::<String>()
                    .map(String::as_str)
                    .or_else(|| panic.downcast_ref::<&str>().copied());
                say(Notice::Broken {
                    message: words.unwrap_or("it gave no reason").to_owned(),
                });
            }
        };
        let thread = thread::Builder::new()
            .name("engine".to_owned())
            .stack_size(STACK)
            .spawn(work)?;
        Ok(Self {
            orders,
            steering,
            thread,
        })
    }

    /// Sends an order: to the job that is going if it steers one, else to the queue.
    pub fn order(&self, order: Order, bytes: Option<Vec<u8>>) {
        if let Some(order) = self.steering.divert(order) {
            // A thread that broke down has said so.
            self.orders.send((order, bytes)).ok();
        }
    }

    /// The way to its job.
    pub fn steering(&self) -> &Steering {
        &self.steering
    }

    /// Stops the job that is going, so that it can be gone on with, and waits until it is at rest.
    pub fn close(self) {
        self.steering.close();
        drop(self.orders);
        // A thread that broke down has said so.
        self.thread.join().ok();
    }
}
