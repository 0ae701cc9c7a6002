//! The page over HTTP, for a class or a far machine, and the host's engine for its visitors.
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
//! Every request passes the same way: a place among the connections, the client's rate, the name
//! that it asks for and the page that it comes from (`admission`, by `guard`), the visitor's pass (`gate`), and then
//! the page's files, which lie in memory (`page`), or the host's engine (`hall`) and the runs that it
//! keeps (`kept`).

mod admission;
mod connection;
mod error;
mod gate;
mod guard;
mod hall;
mod kept;
mod page;
mod router;
mod server;
mod settings;
mod site;

pub use error::ServeError;
pub use gate::{Secret, Token, VisitorId};
pub use guard::Rate;
pub use hall::{Host, Rules};
pub use page::Page;
pub use server::Server;
pub use settings::{Limits, PORT, Settings};
