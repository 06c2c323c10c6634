//! A window with nothing in it, built here: what every window of this toolkit costs before ours adds to it.

use std::path::PathBuf;
use std::process::Command;

use crate::data::folder;

/// Builds it with this machine's C compiler.
pub fn build() -> PathBuf {
    let flags = Command::new("pkg-config").args(["--cflags", "--libs", "webkit2gtk-4.1"]).output();
    let flags = String::from_utf8(flags.expect("pkg-config runs").stdout).expect("flags are text");
    let binary = folder().join("bare");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/bare.c");
    let built =
        Command::new("cc").args(["-O2", source, "-o"]).arg(&binary).args(flags.split_whitespace()).status();
    assert!(built.is_ok_and(|status| status.success()), "the bare window does not build");
    binary
}
