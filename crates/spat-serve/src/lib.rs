//! The page over HTTP, for a class or a far machine, and the host's engine for its visitors.
