#!/usr/bin/env bash
# Prints where the version of a tag belongs: `latest`, or `next` for a prerelease (v0.2.0-rc.1), which nobody gets who
# does not ask for it.
#
#   channel.sh v0.1.0
set -euo pipefail
version=${1#v}
version=${version%%+*}
case "$version" in
  *-*) printf 'next\n' ;;
  *) printf 'latest\n' ;;
esac
