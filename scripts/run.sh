#!/usr/bin/env bash
# Shows the app on sample data. Without a display it opens one of its own that nobody sees, takes a
# picture of it, says where that is, and goes on until Ctrl-C. RUN_SECONDS=n ends it after n seconds.
# Further arguments go to the app.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly app=(target/debug/evendesk --demo "$@")
readonly picture=target/screenshots/run.png

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  if [ -n "${RUN_SECONDS:-}" ]; then exec timeout "$RUN_SECONDS" "${app[@]}"; fi
  exec "${app[@]}"
fi

scratch=$(mktemp -d)
started=()
# Each job leads a process group of its own, so what it started ends with it, by id, the latest first.
set -m
finish() {
  local at
  for ((at = ${#started[@]} - 1; at >= 0; at--)); do
    kill -- "-${started[at]}" || true
    wait "${started[at]}" || true
  done 2>/dev/null
  rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 130' INT TERM

# A display with a number of its own choosing, which it writes down once it is ready.
Xvfb -displayfd 3 -screen 0 1440x900x24 -nolisten tcp 3>"$scratch/display" 2>"$scratch/xvfb.log" &
started+=($!)
for _ in {1..100}; do
  [ -s "$scratch/display" ] && break
  sleep 0.1
done
if ! [ -s "$scratch/display" ]; then
  cat "$scratch/xvfb.log" >&2
  echo "run: no display could be opened" >&2
  exit 1
fi
DISPLAY=:$(cat "$scratch/display")
export DISPLAY
echo "run: there is no display here, so the app is on $DISPLAY, which nobody sees"

# A session of its own, with something that shows notifications where there is such a thing. Only
# the app is heard: the session's daemons chatter.
session=()
if command -v dbus-run-session >/dev/null; then session=(dbus-run-session --); fi
"${session[@]}" bash -c '
  if command -v dunst >/dev/null; then dunst >/dev/null 2>&1 & fi
  exec "$@" 2>&4' app "${app[@]}" 4>&2 2>/dev/null &
readonly running=$!
started+=("$running")

# Up is when there is more to see than an empty display or a blank page.
is_up() { import -silent -window root "$picture" && [ "$(identify -format %k "$picture")" -gt 40 ]; }

mkdir -p "$(dirname "$picture")"
for _ in {1..60}; do
  kill -0 "$running" 2>/dev/null || { wait "$running"; exit; }
  if is_up; then
    sleep 2
    import -silent -window root "$picture"
    echo "run: what it shows is in $PWD/$picture"
    break
  fi
  sleep 0.5
done

if [ -z "${RUN_SECONDS:-}" ]; then
  wait "$running"
else
  for ((second = 0; second < RUN_SECONDS; second++)); do
    kill -0 "$running" 2>/dev/null || break
    sleep 1
  done
fi
