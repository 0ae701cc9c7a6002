//! spat-engine
