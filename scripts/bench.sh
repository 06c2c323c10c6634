#!/usr/bin/env bash
# Measures the release build, and then, where they are to hand, what else does such work, in the same run.
# How much of it: see tests/bench/scale.rs, and for the others BENCH_PEERS (names of their scripts; "" for none).
set -euo pipefail
cd "$(dirname "$0")/.."

readonly peers=../shared/bench/peers
readonly scratch=${BENCH_FOLDER:-$PWD/target/bench}

scripts/setup.sh test
scripts/ui.sh
# The same packages and targets each time: others would have other features, and all of it built anew.
readonly measured=(--package evendesk --package evendesk-server)
cargo build --release "${measured[@]}" --bins --benches
cargo bench "${measured[@]}" --bench workstation

if [ ! -d "$peers" ]; then exit 0; fi

# Figures of a shared machine are only comparable within one run, so the others run now.
export PEERS_N=${PEERS_N:-10000}
export PEERS_RUNS=${PEERS_RUNS:-3}
export PEERS_DIR=$scratch/peers-$PEERS_N
export PEERS_DESKTOP=${PEERS_DESKTOP:-webkitgtk,product}
export WEBKIT_DISABLE_DMABUF_RENDERER=1
# They start the app as another user where they are root, who needs a desk of their own: the bench's,
# copied. Its server is gone by then, and a desk without one shows what it holds.
if [ -d "$scratch/home" ]; then
  mkdir -p "$PEERS_DIR"
  rm -rf "$PEERS_DIR/app"
  cp -r "$scratch/home" "$PEERS_DIR/app"
  if [ "$(id -u)" = 0 ] && id -u "${PEERS_USER:-peerbench}" >/dev/null 2>&1; then
    chown -R "${PEERS_USER:-peerbench}" "$PEERS_DIR/app"
  fi
  export PRODUCT_APP_CMD="exec $PWD/target/release/evendesk --data $PEERS_DIR/app"
  export PRODUCT_APP_FILES="$PWD/target/release/evendesk:$PEERS_DIR/app/desk"
fi

mkdir -p "$PEERS_DIR"
rm -f "$PEERS_DIR/results.jsonl"
if [ ! -f "$PEERS_DIR/corpus/manifest.json" ]; then python3 "$peers/gen_corpus.py"; fi
for name in ${BENCH_PEERS-sqlite index desktop}; do
  echo "== $name"
  python3 "$peers/bench_$name.py" || echo "bench: the peer script $name failed" >&2
done
if [ -f "$PEERS_DIR/results.jsonl" ]; then python3 "$peers/report.py" | tee "$PEERS_DIR/report.md"; fi
