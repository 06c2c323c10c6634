//! `make bench`: what the workstation costs on a company's worth of data, in the release build, with
//! the real server, the real desk and the real window. Prints one table; judges only where
//! `docs/performance.md` sets a target. Every figure is of this run on this machine.

mod append;
mod bare;
mod bare_desk;
mod crowd;
mod data;
mod figures;
mod framebuffer;
mod keys;
mod load;
mod memory;
mod processor;
mod queries;
mod scale;
mod snapshot;
mod starts;
mod sync;
mod vocabulary;
mod way;

use std::path::Path;

use figures::Table;
use scale::Scale;

fn main() {
    let scale = Scale::from_env();
    let mut table = Table::begin(&scale);
    let folder = data::folder();
    if scale.has("append") {
        append::measure(&folder.join("append"), &mut table);
    }
    if scale.has("way") {
        way::measure(&folder.join("way"), scale.ways, &mut table);
    }
    if scale.has("load") {
        load::measure(&folder.join("load"), &scale, &mut table);
    }
    if scale.needs_company() {
        company(&scale, &folder, &mut table);
    }
    table.end();
}

/// What is measured on the generated company.
fn company(scale: &Scale, folder: &Path, table: &mut Table) {
    let server = folder.join("server");
    if scale.has("generate") || !server.exists() {
        data::generate(scale, &server, table);
    }
    if scale.has("fold") {
        data::fold(&server, table);
    }
    let home = folder.join("home");
    let up = sync::serve(&server, &folder.join("server.log"));
    if scale.has("snapshot") {
        snapshot::measure(&folder.join("new-desk"), &up, table);
    }
    if scale.has("sync") || !home.exists() {
        sync::from_nothing(&home, table);
    }
    if scale.has("queries") {
        queries::measure(&home, scale, table);
    }
    if scale.has("keys") {
        keys::measure(&home, scale, table);
    }
    if scale.has("starts") {
        starts::measure(&home, scale, table);
    }
}
