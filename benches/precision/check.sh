#!/bin/sh
# Compares the JSON report of a run with a ledger and prints fingerprints that are new in the report or gone from it.
# Usage: check.sh LEDGER.yaml REPORT.json [ARGUMENT]   (ends with 1 where they differ, with 2 on wrong use)
set -eu
if [ $# -lt 2 ] || [ ! -r "$1" ] || [ ! -r "$2" ]; then
    echo "usage: $0 LEDGER.yaml REPORT.json [ARGUMENT]" >&2
    exit 2
fi
ledger=$1 report=$2 argument=${3:-.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# `kind fingerprint rule` of each finding. An escaped quote in a message cannot look like a key.
grep -oE '"(rule|severity|fingerprint)": *"[^"\\]*"' "$report" |
    sed -E 's/"([a-z]+)": *"([^"]*)"/\1 \2/' |
    awk '$1 == "rule" { rule = $2 }
         $1 == "severity" { kind = ($2 == "note") ? "note" : "warning" }
         $1 == "fingerprint" && rule != "prefix-below-minimum" { print kind, $2, rule }' |
    sort -u >"$work/found"
awk -v argument="$argument" '
    function flush() { if (print_ != "" && at == argument) print kind, print_, rule; print_ = "" }
    /^warnings:/ { flush(); kind = "warning" }
    /^notes:/ { flush(); kind = "note" }
    $1 == "-" && $2 == "fingerprint:" { flush(); print_ = $3; at = "." }
    $1 == "rule:" { rule = $2 }
    $1 == "argument:" { at = $2 }
    END { flush() }' "$ledger" | sort -u >"$work/known"

comm -23 "$work/found" "$work/known" | sed 's/^/new  /'
comm -13 "$work/found" "$work/known" | sed 's/^/gone /'
if cmp -s "$work/found" "$work/known"; then
    echo "$(wc -l <"$work/known" | tr -d ' ') findings as in $ledger"
else
    exit 1
fi
