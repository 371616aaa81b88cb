#!/usr/bin/env bash
# Lints, prints the report and the annotations, writes the job summary and the outputs of the step.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
. "$here/say.sh"

write_outputs() {
  local errors warnings
  if ! reads_json; then
    notice "the outputs need jq or python3 on the runner"
    return
  fi
  errors=$(figure "$reports/report.json" .summary.error)
  warnings=$(figure "$reports/report.json" .summary.warning)
  {
    printf 'findings=%d\n' "$((errors + warnings))"
    printf 'savings=%s\n' "$(figure "$reports/report.json" .summary.savings.usd_per_month)"
    printf 'savings-per-1k-calls=%s\n' "$(figure "$reports/report.json" .summary.savings.usd_per_1k_calls)"
    printf 'sarif-file=%s\n' "$sarif"
  } >>"$GITHUB_OUTPUT"
}

enter "$INPUT_WORKING_DIRECTORY"
reports=$(temporary)
read_lines "${INPUT_ARGS:-}"
log_format ${lines[@]+"${lines[@]}"}
arguments=(
  ${log[@]+"${log[@]}"}
  --output-format "github=$reports/commands.txt"
  --output-format "markdown=$reports/summary.md"
  --output-format "json=$reports/report.json"
)

case "$INPUT_FAIL_ON" in
  note | warning | error) arguments+=(--fail-on "$INPUT_FAIL_ON") ;;
  never) arguments+=(--exit-zero) ;;
  *) fail "fail-on is note, warning, error or never, not \`$INPUT_FAIL_ON\`" ;;
esac

sarif=
if [ -n "${INPUT_SARIF:-}" ]; then
  case "$INPUT_SARIF" in
    /* | [A-Za-z]:*) sarif=$INPUT_SARIF ;;
    *) sarif=$PWD/$INPUT_SARIF ;;
  esac
  [[ $sarif != *[$'\n\r']* ]] || fail "sarif names one file"
  sarif=$(for_programs "$sarif")
  arguments+=(--output-format "sarif=$sarif")
fi

read_lines "${INPUT_ARGS:-}"
arguments+=(${lines[@]+"${lines[@]}"})
read_lines "${INPUT_PATHS:-}"
arguments+=(-- ${lines[@]+"${lines[@]}"})

code=0
stop_commands
prefixlint check "${arguments[@]}" 2>&1 || code=$?
resume_commands

# Without a report there is nothing to tell: the arguments or the config are wrong, and the log says how.
if [ -s "$reports/report.json" ]; then
  [ ! -e "$reports/commands.txt" ] || cat -- "$reports/commands.txt"
  [ ! -e "$reports/summary.md" ] || cat -- "$reports/summary.md" >>"$GITHUB_STEP_SUMMARY"
  write_outputs
fi
exit "$code"
