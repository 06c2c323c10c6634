//! What channels make of real and of hostile bytes. No servers here: those are in the testkit.

mod corpus;
mod hostile;
mod own_corpus;
