#!/usr/bin/env bash
# Draws every icon again from icons/icon.svg. Needs rsvg-convert and ImageMagick; run it only when the drawing changes.
set -euo pipefail
cd "$(dirname "$0")/../icons"

draw() { rsvg-convert --width "$1" --height "$1" icon.svg --output "$2"; }

draw 32 32x32.png
draw 128 128x128.png
draw 256 128x128@2x.png
draw 512 icon.png

sizes=$(mktemp -d)
trap 'rm -rf "$sizes"' EXIT
for size in 16 24 32 48 64 256; do draw "$size" "$sizes/$size.png"; done
convert "$sizes"/{16,24,32,48,64,256}.png icon.ico
