//! `make bench`: what the workstation costs on a company's worth of data, in the release build, with
//! the real server, the real desk and the real window. Prints one table; judges only where
//! `docs/performance.md` sets a target. Every figure is of this run on this machine.

mod bare;
mod data;
mod figures;
mod framebuffer;
mod keys;
mod memory;
mod queries;
mod scale;
mod starts;
mod sync;
mod vocabulary;

use figures::Table;
use scale::Scale;

fn main() {
    let scale = Scale::from_env();
    let mut table = Table::begin(&scale);
    let folder = data::folder();
    let server = folder.join("server");
    if scale.has("generate") || !server.exists() {
        data::generate(&scale, &server, &mut table);
    }
    if scale.has("fold") {
        data::fold(&server, &mut table);
    }
    let home = folder.join("home");
    let _up = sync::serve(&server, &folder.join("server.log"));
    if scale.has("sync") || !home.exists() {
        sync::from_nothing(&home, &mut table);
    }
    if scale.has("queries") {
        queries::measure(&home, &scale, &mut table);
    }
    if scale.has("keys") {
        keys::measure(&home, &scale, &mut table);
    }
    if scale.has("starts") {
        starts::measure(&home, &scale, &mut table);
    }
    table.end();
}
