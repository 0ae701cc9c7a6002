//! HTTP server of the web app, and of the host's engine that its visitors share.
//!
//! ```no_run
//! # async fn serve() -> Result<(), spat_serve::ServeError> {
//! use spat_serve::{Page, Server, Settings};
//!
//! let server = Server::bind(Settings::local(Page::embedded()?)).await?;
//! println!("{}", server.link());
//! server.run(std::future::pending()).await;
//! # Ok(())
//! # }
//! ```
//!
//! Every request passes the connection limits (`connection`), the rate limit, the check of its host
//! and origin (`middleware`, `rate_limit`, `hosts`) and the session cookie (`auth`). Then it reaches
//! the files of the page, which are in memory (`page`), the host's engine (`shared_engine`), or the
//! visitor's stored runs (`runs`). The engine computes in a process of its own (`engine_process`).

mod access_log;
mod auth;
mod client_key;
mod connection;
mod engine_process;
mod error;
mod hosts;
mod middleware;
mod page;
mod peer;
mod private_files;
mod rate_limit;
mod router;
mod runs;
mod server;
mod settings;
mod shared_engine;
mod state;

pub use auth::{Secret, Token, VisitorId};
pub use engine_process::{EngineCommand, run_engine_process};
pub use error::ServeError;
/// Rate of [`Limits`].
pub use governor::Quota;
pub use page::Page;
pub use server::Server;
pub use settings::{Limits, PORT, Settings};
pub use shared_engine::{Host, Rules};
