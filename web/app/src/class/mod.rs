//! A class: what a teacher's link hides and locks, how such a link is made, and the results of many
//! laid side by side.

mod compare;
mod link_maker;
mod lockable;
mod rules;

pub(crate) use compare::{Comparison, shown};
pub(crate) use link_maker::LinkMaker;
pub(crate) use lockable::Lockable;
pub(crate) use rules::Rules;
