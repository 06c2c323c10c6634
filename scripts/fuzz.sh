#!/usr/bin/env bash
# Fuzzes reading of mail: SECONDS (60) for each target, or for the ones named: scripts/fuzz.sh parse html
# Begins with our own mails. What is found is kept in fuzz/artifacts; make a mail of tests/data/mail/make
# of it, or a case of a test. Needs a nightly compiler and a C++ compiler.
set -euo pipefail
cd "$(dirname "$0")/../fuzz"
seconds="${FUZZ_SECONDS:-60}"
cargo fuzz --version >/dev/null 2>&1 || cargo install --quiet --locked cargo-fuzz
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(parse quotes html)
for target in "${targets[@]}"; do
    mkdir -p "corpus/$target"
    # A new seed changes nothing for a corpus that has it already.
    cp -n ../tests/data/mail/*.eml "corpus/$target/" 2>/dev/null || true
    nice -n 19 cargo +nightly fuzz run "$target" -- -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536
done
