//! The engine on a machine with disks and threads: run folders, shared by the command line, the desktop app
//! and the server, and an engine session on its own thread.

mod engine_thread;
mod error;
mod history;
mod names;
mod run_file;
mod run_folder;
mod runs_folder;

pub use engine_thread::EngineThread;
pub use error::RunFolderError;
pub use run_file::{Origin, RunFile};
pub use run_folder::{RunFolder, folder_name, lock};
pub use runs_folder::RunsFolder;
pub use spat_spec::sha256;
