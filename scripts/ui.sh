#!/usr/bin/env bash
# Builds the page that the window embeds, where anything it is made of is newer than it.
set -euo pipefail
cd "$(dirname "$0")/../ui"

# A page built anew would have the whole app linked anew.
if [ -e dist/index.html ] && [ -z "$(find src index.html package-lock.json vite.config.ts svelte.config.js -newer dist/index.html -print -quit)" ]; then
  exit 0
fi
npm run --silent build
