//! The seven parts of the page's story, one module each.

pub(crate) mod attention;
mod channel_picker;
pub(crate) mod compare;
pub(crate) mod data;
mod grouped;
pub(crate) mod keep;
pub(crate) mod model;
mod part;
pub(crate) mod prune;
pub(crate) mod train;

pub(crate) use channel_picker::ChannelPicker;
pub(crate) use grouped::grouped;
pub(crate) use part::{Help, Part, go_to, show_part};
