//! The server as its desks and neighbours meet it, on a free port and a folder of its own.

mod bucket;
mod channels;
mod erasure;
mod http;
mod keeping;
mod letters;
mod mailboxes;
mod nodes;
mod office;
mod people;
mod sample;
mod socket;
mod tools;
mod trust;
mod versions;
mod writer;
