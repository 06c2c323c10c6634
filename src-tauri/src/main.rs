//! The `evendesk` program: reads its command line, readies the process for its display, hands over to the library.

use std::process::ExitCode;

use clap::Parser as _;
use evendesk::{CommandLine, display};

fn main() -> ExitCode {
    let options = CommandLine::parse();
    // SAFETY: this is the first thing the process does after reading its arguments; no other
    // thread exists yet that could read the environment meanwhile.
    unsafe { display::choose_renderer() };
    evendesk::run(options)
}
