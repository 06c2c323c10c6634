//! What tests share: real mail servers. A dev-dependency only; nothing here is in the product.

pub mod mail;
