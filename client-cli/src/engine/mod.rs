//! The engine: everything between a face and the wire.

pub mod fault;
pub mod model;

pub use fault::Fault;
