# shellcheck shell=bash
# Sourced by the steps: messages to the log, and inputs of one argument per line. Runs on bash 3.2 (macOS).

# The text of a workflow command: a line break in it would begin another command.
escaped() {
  local text=$1
  text=${text//'%'/%25}
  text=${text//$'\r'/%0D}
  printf '%s' "${text//$'\n'/%0A}"
}

fail() {
  printf '::error title=prefixlint::%s\n' "$(escaped "$1")"
  exit 2
}

notice() { printf '::notice title=prefixlint::%s\n' "$(escaped "$1")"; }

# Reads the lines of $1 into the array `lines`; empty lines are left out.
read_lines() {
  local line
  lines=()
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line%$'\r'}
    [ -z "$line" ] || lines+=("$line")
  done <<<"$1"
}

# Sets `log` to the format that goes to the log: `full`, unless one of the arguments names another one without a file.
# shellcheck disable=SC2034 # the steps read it
log_format() {
  local argument before=
  log=(--output-format full)
  for argument; do
    case "$before$argument" in
      --output-format) before="--output-format=" && continue ;;
      --output-format=*=*) ;;
      --output-format=*) log=() ;;
    esac
    before=
  done
}

enter() {
  cd -- "$1" || fail "there is no folder \`$1\` (working-directory)"
}

# What prints between the two may hold text of the repository, which must not be taken for a workflow command.
stop_commands() {
  quiet=$(random)
  printf '::stop-commands::%s\n' "$quiet"
}
resume_commands() { printf '\n::%s::\n' "$quiet"; }

random() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# A new folder, under a name that the shell and the programs of Windows both read.
temporary() { mktemp -d "$(for_programs "${RUNNER_TEMP:-/tmp}")/prefixlint.XXXXXX"; }
for_programs() {
  if command -v cygpath >/dev/null; then cygpath -m -- "$1"; else printf '%s\n' "$1"; fi
}

reads_json() { command -v jq >/dev/null || command -v python3 >/dev/null; }

# The figure at a place (`.summary.error`) of a JSON file, empty where it is null.
figure() {
  if command -v jq >/dev/null; then
    jq -r "$2 // empty" "$1"
  else
    python3 -c '
import json, sys
value = json.load(open(sys.argv[1], encoding="utf-8"))
for key in sys.argv[2].strip(".").split("."):
    value = value[key]
print("" if value is None else value)
' "$1" "$2"
  fi
}
