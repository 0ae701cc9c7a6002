//! The seven parts of the page, one module each.

mod ahead;
pub(crate) mod attention;
mod channel_picker;
pub(crate) mod compare;
mod copy_field;
pub(crate) mod data;
mod grouped;
pub(crate) mod keep;
mod later;
pub(crate) mod model;
mod part;
pub(crate) mod prune;
pub(crate) mod train;

pub(crate) use ahead::Ahead;
pub(crate) use channel_picker::{ChannelOf, ChannelPicker};
pub(crate) use copy_field::CopyField;
pub(crate) use grouped::grouped;
pub(crate) use later::later;
pub(crate) use part::{Help, Part, go_to, show_part};
