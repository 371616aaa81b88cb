#!/usr/bin/env bash
# Puts prefixlint on the PATH of the steps that follow: the binary of the release, with its checksum verified, or where
# the release has none for this runner, one that is built from the source beside this script.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
source_folder=$(cd -- "$here/../.." && pwd)
. "$here/say.sh"

releases=https://github.com/prefixlint/prefixlint/releases/download

# Sets `target` and `archive`, or fails where no release is built for the runner.
archive_here() {
  case "${RUNNER_OS:-}-${RUNNER_ARCH:-}" in
    Linux-X64) target=x86_64-unknown-linux-musl ;;
    Linux-ARM64) target=aarch64-unknown-linux-musl ;;
    macOS-X64) target=x86_64-apple-darwin ;;
    macOS-ARM64) target=aarch64-apple-darwin ;;
    Windows-X64) target=x86_64-pc-windows-msvc ;;
    *) return 1 ;;
  esac
  case "$target" in
    *-windows-*) archive=prefixlint-$target.zip ;;
    *) archive=prefixlint-$target.tar.gz ;;
  esac
}

download() {
  curl --fail --silent --show-error --location --retry 3 --max-time 300 --output "$2" "$1" </dev/null
}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d ' ' -f 1
}

# Fails where there is no such archive. One whose checksum is missing or wrong ends the step: that is no reason to go on.
install_release() {
  local url=$releases/v$version/$archive
  download "$url" "$folder/$archive" || return 1
  download "$url.sha256" "$folder/$archive.sha256" || fail "$archive has no checksum in the release v$version"
  [ "$(sha256 "$folder/$archive")" = "$(cut -d ' ' -f 1 "$folder/$archive.sha256")" ] ||
    fail "the checksum of $archive (v$version) is wrong"
  case "$archive" in
    *.zip) unzip -q -o "$folder/$archive" -d "$folder" ;;
    *) tar -xzf "$folder/$archive" -C "$folder" ;;
  esac
  bin=$folder/prefixlint-$target
}

install_source() {
  command -v cargo >/dev/null || fail "prefixlint must be built here, and there is no cargo: install Rust before this step"
  cargo install --locked --path "$source_folder" --root "$folder" --bin prefixlint
  bin=$folder/bin
}

own=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$source_folder/Cargo.toml" | sed -n 1p)
version=${INPUT_VERSION#v}
[[ $version = source || $version =~ ^[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.-]+)?$ ]] ||
  fail "version is neither a version nor \`source\`: \`$INPUT_VERSION\`"

folder=$(temporary)
if [ "$version" = source ]; then
  install_source
elif archive_here && install_release; then
  :
elif [ "$version" = "$own" ]; then
  notice "no binary of v$version for this runner: building it from source"
  install_source
else
  fail "no binary of v$version for this runner, and this ref of the action holds the source of v$own"
fi

"$bin/prefixlint" --version
if command -v cygpath >/dev/null; then bin=$(cygpath -w "$bin"); fi
printf '%s\n' "$bin" >>"$GITHUB_PATH"
