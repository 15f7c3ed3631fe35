#!/usr/bin/env bash
# Builds kms-conformance for the GitHub Action, unless the cache has it.
#
#   build.sh where      where the program is to be, and by what its build is known: to $GITHUB_OUTPUT
#   build.sh install    builds it into $ROOT, unless it is there
#
# Environment: REF, the commit, tag or branch; OWN_REF, whether it is the action's own; REPOSITORY, the URL to build
# another one from; ACTION_PATH, the action's folder.
set -euo pipefail

case $1 in
  where)
    root=${RUNNER_TEMP:-/tmp}/kms-conformance
    printf 'root=%s\n' "$root" >> "$GITHUB_OUTPUT"
    # A branch moves on, so that only a commit, or a full version, names one build. Anything else is not cached.
    if [[ $REF =~ ^[0-9a-f]{40}$ || $REF =~ ^v[0-9]+\.[0-9]+\.[0-9]+$ ]]; then
      printf 'cacheable=true\nkey=%s\n' "$REF" >> "$GITHUB_OUTPUT"
    else
      printf 'cacheable=false\n' >> "$GITHUB_OUTPUT"
    fi
    ;;
  install)
    if [ -x "$ROOT/bin/kms-conformance" ] || [ -x "$ROOT/bin/kms-conformance.exe" ]; then
      echo "kms-conformance comes from the cache"
    elif [ "$OWN_REF" = true ]; then
      cargo install --locked --root "$ROOT" --path "$ACTION_PATH"
    elif [[ $REF =~ ^[0-9a-f]{40}$ ]]; then
      cargo install --locked --root "$ROOT" --git "$REPOSITORY" --rev "$REF"
    elif [[ $REF =~ ^v[0-9]+\.[0-9]+\.[0-9]+$ ]]; then
      cargo install --locked --root "$ROOT" --git "$REPOSITORY" --tag "$REF"
    else
      cargo install --locked --root "$ROOT" --git "$REPOSITORY" --branch "$REF"
    fi
    ;;
  *)
    echo "build.sh: where or install, not $1" >&2
    exit 2
    ;;
esac
