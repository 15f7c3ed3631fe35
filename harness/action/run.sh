#!/usr/bin/env bash
# Runs kms-conformance for the GitHub Action: inputs in, outputs and the exit code out.
#
# Environment: INPUT_*, the action's inputs; ROOT, where the program was built.
set -euo pipefail

out=${INPUT_OUT:-kms-conformance-report}
arguments=(run --out "$out")
# Flag and value are one word, so that no value passes for a flag.
[ -z "${INPUT_ENDPOINT:-}" ] || arguments+=("--endpoint=$INPUT_ENDPOINT")
[ -z "${INPUT_TARGET:-}" ] || arguments+=("--target=$INPUT_TARGET")
[ -z "${INPUT_REGION:-}" ] || arguments+=("--region=$INPUT_REGION")
[ -z "${INPUT_KNOWN:-}" ] || arguments+=("--known=$INPUT_KNOWN")
[ -z "${INPUT_PROFILE:-}" ] || arguments+=("--profile=$INPUT_PROFILE")
while IFS= read -r argument; do
  argument=${argument%$'\r'}
  [ -z "$argument" ] || arguments+=("$argument")
done <<< "${INPUT_ARGS:-}"

code=0
"$ROOT/bin/kms-conformance" "${arguments[@]}" || code=$?

case $code in
  0) conclusion=conformant ;;
  1) conclusion=not_conformant ;;
  2) conclusion=usage_error ;;
  3) conclusion=undecided ;;
  130) conclusion=interrupted ;;
  *) conclusion=harness_error ;;
esac
# A value of several lines would set outputs of its own.
delimiter=end_$RANDOM$RANDOM$RANDOM
{
  printf 'conclusion=%s\nexit-code=%s\n' "$conclusion" "$code"
  printf 'report-dir<<%s\n%s\n%s\n' "$delimiter" "$out" "$delimiter"
} >> "$GITHUB_OUTPUT"
exit "$code"
