//! The clock engine against recorded histories, against a minute-by-minute walk, and against the
//! laws it must keep.

mod fixture;
mod histories;
mod laws;
mod rules;
mod vectors;
mod walk;
