#!/usr/bin/env bash
# Packs the extension for VS Code: once without a program, and once for each platform with the program of its archive.
#
#   vscode.sh dist/archives packages/vscode
set -euo pipefail
archives=$(cd -- "$1" && pwd)
mkdir -p -- "$2"
out=$(cd -- "$2" && pwd)
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

[ -e editors/vscode/node_modules ] || npm ci --prefix editors/vscode --ignore-scripts --no-audit --no-fund
npm run --prefix editors/vscode --silent bundle
node editors/vscode/package.mjs "$out"

list='for (const one of require("./npm/platforms.json")) console.log(one.target, [one.os, one.cpu].join("-"))'
while read -r target platform; do
  archive=$archives/prefixlint-$target
  binary=$work/prefixlint-$target/prefixlint
  if [ -e "$archive.zip" ]; then
    python3 -m zipfile -e "$archive.zip" "$work"
    binary=$binary.exe
  else
    tar -xzf "$archive.tar.gz" -C "$work"
  fi
  node editors/vscode/package.mjs "$out" "$platform" "$binary"
done < <(node -e "$list")
