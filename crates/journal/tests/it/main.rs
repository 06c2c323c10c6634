//! The contract every journal keeps, run on each engine.

mod contract;
mod postgres;
mod sqlite;
mod whole;
