//! The seven sections of the web app, one module each.

pub(crate) mod attention;
mod channel_picker;
pub(crate) mod compare;
mod copy_field;
pub(crate) mod data;
mod delayed;
mod forecast_chart;
pub(crate) mod keep;
pub(crate) mod model;
mod part;
pub(crate) mod prune;
pub(crate) mod train;

pub(crate) use channel_picker::{ChannelOf, ChannelPicker};
pub(crate) use copy_field::CopyField;
pub(crate) use delayed::delayed;
pub(crate) use forecast_chart::ForecastChart;
pub(crate) use part::{Help, Part, go_to, show_part};
