#!/usr/bin/env bash
# Compares a pull request with its base, and keeps one comment on the pull request up to date with what it says.
set -euo pipefail
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
. "$here/say.sh"

# GitHub takes 65,536 characters. The program counts them as well; a comment that is refused says nothing.
longest=65000

# The commit that the checked-out one was merged with. The event's base is older than that where the branch moved on.
base() {
  local parents
  if [ "$(git rev-parse HEAD)" = "${GITHUB_SHA:-}" ]; then
    # Read from the object: in a shallow clone the parents are cut off.
    parents=$(git cat-file commit HEAD | sed -n '/^$/q; s/^parent //p')
    if [ "$(wc -l <<<"$parents")" -eq 2 ]; then
      head -n 1 <<<"$parents"
      return
    fi
  fi
  printf '%s\n' "$BASE_SHA"
}

# Brings the base, where a shallow clone does not hold it: first as the checkout would, then with the token, which git
# takes from the environment, where no process list shows it.
bring() {
  git cat-file -e "$1^{tree}" 2>/dev/null && return
  export GIT_TERMINAL_PROMPT=0
  git fetch --quiet --no-tags --depth=1 origin "$1" 2>/dev/null && return
  local basic
  basic=$(printf 'x-access-token:%s' "${GH_TOKEN:-}" | base64 | tr -d '\n')
  printf '::add-mask::%s\n' "$basic"
  GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.${GITHUB_SERVER_URL:-https://github.com}/.extraheader" \
    GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $basic" \
    git fetch --quiet --no-tags --depth=1 origin "$1" ||
    fail "the base $1 of the pull request cannot be fetched; check out with \`fetch-depth: 0\`"
}

# The comment that this script wrote before: by the same author, and for the same folder.
# shellcheck disable=SC2016 # the variables are GraphQL's and jq's
find_comment() {
  gh api graphql --paginate \
    -f owner="${GITHUB_REPOSITORY%%/*}" -f name="${GITHUB_REPOSITORY#*/}" -F number="$PULL_REQUEST" \
    -f query='
      query($owner: String!, $name: String!, $number: Int!, $endCursor: String) {
        repository(owner: $owner, name: $name) { pullRequest(number: $number) {
          comments(first: 100, after: $endCursor) {
            pageInfo { hasNextPage endCursor }
            nodes { databaseId viewerDidAuthor body }
          }
        } }
      }' \
    --jq '.data.repository.pullRequest.comments.nodes[] | select(.viewerDidAuthor)
      | select(.body | startswith($ENV.MARKER)) | .databaseId' | sed -n 1p
}

# Whether no prompt is touched: that is worth a word only where the comment said something else before.
nothing_changed() {
  local count
  reads_json || return
  for count in renamed changed added deleted new_findings fixed_findings; do
    [ "$(figure "$reports/compare.json" ".summary.$count")" = 0 ] || return
  done
}

post() {
  local id
  id=$(find_comment) || return 1
  if [ -z "$id" ] && nothing_changed; then
    return
  elif [ -n "$id" ]; then
    gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id" -F body=@"$1"
  else
    gh api --silent --method POST "repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments" -F body=@"$1"
  fi
}

# Whole lines, as far as they fit.
cut_to_size() {
  awk -v longest="$longest" '
    { size += length($0) + 1 }
    size > longest { print "\n_Cut here: the job summary holds the rest._"; exit }
    { print }' "$1"
}

if [ -z "${PULL_REQUEST:-}" ]; then
  notice "there is no pull request to comment on"
  exit 0
fi
[[ $PULL_REQUEST =~ ^[0-9]+$ && $BASE_SHA =~ ^[0-9a-f]{40,64}$ ]] || fail "the event names no pull request"

enter "$INPUT_WORKING_DIRECTORY"
base=$(base)
bring "$base"

reports=$(temporary)
read_lines "${INPUT_COMPARE_ARGS:-}"
log_format ${lines[@]+"${lines[@]}"}
code=0
stop_commands
prefixlint compare "$base" ${log[@]+"${log[@]}"} --output-format "markdown=$reports/compare.md" \
  --output-format "json=$reports/compare.json" ${lines[@]+"${lines[@]}"} 2>&1 || code=$?
resume_commands
[ -s "$reports/compare.md" ] || exit "$code"

cat -- "$reports/compare.md" >>"$GITHUB_STEP_SUMMARY"
# Nothing of the folder's name may end the HTML comment.
MARKER="<!-- prefixlint compare $(printf '%s' "$INPUT_WORKING_DIRECTORY" | tr -c 'A-Za-z0-9._/' '_') -->"
export MARKER
{
  printf '%s\n' "$MARKER"
  cut_to_size "$reports/compare.md"
} >"$reports/comment.md"
post "$reports/comment.md" || notice "the comment was not written: on a pull request from a fork the token may only read. The job summary holds it"
exit "$code"
