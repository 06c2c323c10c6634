//! What tests share: real mail servers, a world of one server and several desks. A dev-dependency only; nothing here is in the product.

pub mod mail;
pub mod world;
