#!/usr/bin/env bash
# Packs a built binary for a release, with licences, completions and the man page, and writes the archive's checksum. The
# names are those that the action and cargo-binstall ask for.
#
#   archive.sh x86_64-unknown-linux-musl target/x86_64-unknown-linux-musl/release/prefixlint dist
set -euo pipefail
target=$1
binary=$2
mkdir -p -- "$3"
out=$(cd -- "$3" && pwd)
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)

name=prefixlint-$target
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
folder=$work/$name
mkdir -p -- "$folder/completions" "$folder/man"

cp -- "$binary" "$folder/"
cp -- "$root/README.md" "$root/CHANGELOG.md" "$root/LICENSE-MIT" "$root/LICENSE-APACHE" "$folder/"
"$binary" completions bash >"$folder/completions/prefixlint.bash"
"$binary" completions zsh >"$folder/completions/_prefixlint"
"$binary" completions fish >"$folder/completions/prefixlint.fish"
"$binary" completions elvish >"$folder/completions/prefixlint.elv"
"$binary" completions powershell >"$folder/completions/_prefixlint.ps1"
"$binary" man >"$folder/man/prefixlint.1"

cd -- "$work"
case "$target" in
  *-windows-*)
    archive=$name.zip
    7z a -bso0 "$out/$archive" "$name"
    ;;
  *)
    archive=$name.tar.gz
    tar -czf "$out/$archive" "$name"
    ;;
esac

cd -- "$out"
if command -v sha256sum >/dev/null; then
  sha256sum "$archive" >"$archive.sha256"
else
  shasum -a 256 "$archive" >"$archive.sha256"
fi
printf '%s\n' "$out/$archive"
