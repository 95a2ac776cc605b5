//! The load tool.
pub mod tls;
