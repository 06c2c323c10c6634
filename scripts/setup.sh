#!/usr/bin/env bash
# Brings what building and showing the app needs (`setup.sh run`) or the tests besides (`setup.sh test`),
# and only what is missing. Asks for rights only when a Debian package has to be installed.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly purpose=${1:-run}
readonly oldest_rust=1.95 oldest_node=20.19

say() { printf '%s\n' "$*" >&2; }
stop() { say "setup: $*"; exit 1; }

# at_least 1.95 1.100.2: whether the second version is the first or newer.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

check_rust() {
  command -v cargo >/dev/null || stop "Rust is missing. Install $oldest_rust or newer from https://rustup.rs"
  local found
  found=$(rustc --version | cut -d ' ' -f 2)
  at_least "$oldest_rust" "$found" || stop "Rust $found is too old: $oldest_rust or newer is needed (rustup update stable)"
}

check_node() {
  command -v npm >/dev/null || stop "Node.js is missing. Install $oldest_node or newer, with npm, from https://nodejs.org"
  local found
  found=$(node --version | tr -d v)
  at_least "$oldest_node" "$found" || stop "Node.js $found is too old: $oldest_node or newer is needed"
}

wanted_packages() {
  local lists=(scripts/packages-run.txt)
  if [ "$purpose" = test ] || [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then lists+=(scripts/packages-headless.txt); fi
  if [ "$purpose" = test ]; then lists+=(scripts/packages-test.txt); fi
  sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "${lists[@]}"
}

missing_packages() {
  local package
  for package in $(wanted_packages); do
    [ "$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

# A package may start its service when it is installed. Nothing here wants that: while installing,
# policy-rc.d says no. A policy that the machine already has is left as it is.
readonly policy=/usr/sbin/policy-rc.d

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

forbid_services() {
  [ -e "$policy" ] && return
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  trap 'as_root rm -f "$policy"' EXIT
  as_root chmod 755 "$policy"
}

install_packages() {
  local missing
  mapfile -t missing < <(missing_packages)
  [ "${#missing[@]}" -gt 0 ] || return 0
  as_root true 2>/dev/null || stop "these packages are missing, and installing them needs rights: sudo apt-get install ${missing[*]}"
  say "setup: installing ${missing[*]}"
  forbid_services
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
  as_root "${apt[@]}" update
  as_root "${apt[@]}" install --yes --no-install-recommends "${missing[@]}" >/dev/null
}

install_page_tools() {
  local stamp=ui/node_modules/.installed-from now
  now=$(sha256sum ui/package-lock.json)
  [ "$(cat "$stamp" 2>/dev/null)" = "$now" ] && return
  say "setup: installing the page's tools"
  npm --prefix ui ci --no-audit --no-fund --loglevel=error >&2
  printf '%s\n' "$now" > "$stamp"
}

install_nextest() {
  cargo nextest --version >/dev/null 2>&1 && return
  say "setup: installing cargo-nextest, once, some minutes"
  cargo install --locked --quiet cargo-nextest || say "setup: cargo-nextest could not be installed; cargo test will do"
}

# Storage that speaks S3, for the tests of files that nodes share. Debian has none.
install_bucket() {
  command -v s3s-fs >/dev/null && return
  say "setup: installing s3s-fs, once, some minutes"
  cargo install --locked --quiet --debug s3s-fs --features binary || stop "s3s-fs could not be installed; some tests need it"
}

case "$purpose" in
  run | test) ;;
  *) stop "say what for: setup.sh run, or setup.sh test" ;;
esac
check_rust
check_node
if command -v apt-get >/dev/null; then
  install_packages
else
  say "setup: no apt-get here; what is needed is named in scripts/packages-*.txt"
fi
install_page_tools
if [ "$purpose" = test ]; then install_nextest; install_bucket; fi
