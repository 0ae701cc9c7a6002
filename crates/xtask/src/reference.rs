//! Generates the PyTorch references of the tests.

use std::process::Command;

use anyhow::Result;

use crate::python::{python, scripts};
use crate::{root, succeed};

pub(crate) fn run() -> Result<()> {
    let python = python()?;
    succeed(
        Command::new(python)
            .arg(scripts().join("reference.py"))
            .arg(root().join("tests/references")),
    )
}
