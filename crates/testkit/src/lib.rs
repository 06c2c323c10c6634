//! What tests share: real mail servers, a real PostgreSQL, a world of one server and several desks, a desktop nobody
//! sees with the real window on it. A dev-dependency only; nothing here is in the product.
//!
//! A test that meets something it cannot go on from panics with a sentence that says what was
//! waited for or not found; nothing here returns an error for a test to unwrap.

pub mod bucket;
pub mod eventually;
pub mod letter;
pub mod link;
pub mod mail;
pub mod nodes;
pub mod postgres;
pub mod process;
pub mod screen;
pub mod seat;
pub mod server_process;
pub mod simulation;
pub mod window;
pub mod world;
