#!/usr/bin/env bash
# Prints what the changelog says of the release that a tag names. Fails where the tag is not the version of Cargo.toml, or
# the changelog does not know it.
#
#   notes.sh v0.1.0
set -euo pipefail
tag=$1
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | sed -n 1p)
if [ "$tag" != "v$version" ]; then
  printf 'error: the tag is %s and Cargo.toml says %s\n' "$tag" "$version" >&2
  exit 1
fi

# From the heading `## 0.1.0`, or `## 0.1.0 - 2026-01-31`, to the next.
notes=$(awk -v version="$version" '
  /^## / { inside = ($2 == version); next }
  inside { print }' CHANGELOG.md)
if [ -z "${notes//[[:space:]]/}" ]; then
  printf 'error: CHANGELOG.md says nothing of %s\n' "$version" >&2
  exit 1
fi
printf '%s\n' "$notes"
