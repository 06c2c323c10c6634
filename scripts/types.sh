#!/usr/bin/env bash
# Writes the TypeScript types of everything that the page and the desk say to each other, from
# the Rust types they come from. With --check it only says whether the committed ones are stale.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly written=target/types/generated committed=ui/src/lib/backend/generated log=target/types.log

rm -rf target/types
cargo test --workspace --lib export_bindings_ >"$log" 2>&1 || { cat "$log" >&2; exit 1; }

if [ "${1:-}" = --check ]; then
  diff --recursive --brief "$written" "$committed" >&2 ||
    { echo "types: the page's types are stale: run scripts/types.sh and commit what it writes" >&2; exit 1; }
else
  rm -rf "$committed"
  cp -r "$written" "$committed"
fi
