//! The contract every journal keeps, run on each engine.

mod contract;
mod sqlite;
