#!/usr/bin/env bash
# Everything that must hold before a change goes in: the page, then all of Rust, then the journeys in the real window.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh test
npm --prefix ui run --silent check
scripts/ui.sh
npm --prefix ui run --silent test
# The journeys start these two, as a user would.
cargo build --workspace --bins
if cargo nextest --version >/dev/null 2>&1; then
  exec cargo nextest run --workspace
fi
echo "test: no cargo-nextest; cargo test instead, without its time limits" >&2
exec cargo test --workspace -- --test-threads=1
