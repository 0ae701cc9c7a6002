//! For classes: links that hide and lock parts of the app, and a comparison of many reports.

mod compare;
mod link_maker;
mod lockable;
mod rules;

pub(crate) use compare::{Comparison, file_handler};
pub(crate) use link_maker::LinkMaker;
pub(crate) use lockable::Lockable;
pub(crate) use rules::Rules;
