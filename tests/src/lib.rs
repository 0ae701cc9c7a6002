//! Folder of the end-to-end tests.
