//! The clock engine.
