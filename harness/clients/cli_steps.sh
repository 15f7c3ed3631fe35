# Steps of a walk-through with the AWS CLI; sourced by cli_v1.sh and cli_v2.sh, which set `cli` to the program first.
# Every step prints one line and is counted; the walk goes on after a failure.

passed=0 failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

aws() { "$cli" --endpoint-url "$KMS_ENDPOINT" "$@"; }
kms() { aws kms "$@"; }

pass() { passed=$((passed + 1)); printf 'ok    %s\n' "$1"; }
fail() { failed=$((failed + 1)); printf 'FAIL  %s\n' "$1"; shift; printf '      %s\n' "$@"; }

# is NAME EXPECTED SEEN: nothing is never what was expected.
is() { if [ -n "$3" ] && [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "expected: $2" "seen:     $3"; fi; }

# like NAME REGULAR-EXPRESSION SEEN
like() { if [[ $3 =~ $2 ]]; then pass "$1"; else fail "$1" "expected: $2" "seen:     $3"; fi; }

# works NAME COMMAND…: its output, if any, goes to the file `$work/out`.
works() {
  local name=$1
  shift
  if "$@" >"$work/out" 2>"$work/err"; then pass "$name"; else fail "$name" "$* ended with $?" "$(cat "$work/err")"; fi
}

# refused NAME CODE OPERATION COMMAND…: the CLI names the error and the operation, and says so by its exit code too.
refused() {
  local name=$1 code=$2 operation=$3 status=0
  shift 3
  "$@" >"$work/out" 2>"$work/err" || status=$?
  if [ "$status" -ne 0 ] && grep -q "An error occurred ($code) when calling the $operation operation" "$work/err"; then
    pass "$name"
  else
    fail "$name" "expected: $code" "seen:     exit code $status, $(tr -d '\n' <"$work/out" | head -c 300) $(cat "$work/err")"
  fi
}

# state KEY: what DescribeKey tells, as one line.
state() {
  kms describe-key --key-id "$1" --output text \
    --query 'KeyMetadata.[KeyState, Enabled, ExpirationModel]' 2>&1 | tr '\t' ' '
}

# create_key ARGUMENT…: a key for imported material; prints its id.
create_key() { kms create-key --origin EXTERNAL "$@" --query KeyMetadata.KeyId --output text; }

# parameters KEY ALGORITHM SPEC: gets a pair and leaves it in PublicKey.bin and ImportToken.bin, as the guide does.
parameters() {
  kms get-parameters-for-import --key-id "$1" --wrapping-algorithm "$2" --wrapping-key-spec "$3" \
    --query '[PublicKey, ImportToken]' --output text >"$work/pair" &&
    cut -f1 "$work/pair" | openssl base64 -d -A >"$work/PublicKey.bin" &&
    cut -f2 "$work/pair" | openssl base64 -d -A >"$work/ImportToken.bin"
}

# oaep HASH FILE WRAPPED: wraps under PublicKey.bin.
oaep() {
  openssl pkeyutl -encrypt -in "$2" -out "$3" -inkey "$work/PublicKey.bin" -keyform DER -pubin \
    -pkeyopt rsa_padding_mode:oaep -pkeyopt "rsa_oaep_md:$1" -pkeyopt "rsa_mgf1_md:$1"
}

# aes_key_wrap HASH FILE WRAPPED: the material under a fresh AES key (RFC 5649), after that AES key under PublicKey.bin.
aes_key_wrap() {
  openssl rand -out "$work/aes" 32 &&
    oaep "$1" "$work/aes" "$work/aes.wrapped" &&
    openssl enc -id-aes256-wrap-pad -iv A65959A6 -K "$(od -An -v -tx1 "$work/aes" | tr -d ' \n')" \
      -in "$2" -out "$work/material.wrapped" &&
    cat "$work/aes.wrapped" "$work/material.wrapped" >"$3"
}

# import_material KEY ARGUMENT…: the command of the page.
import_material() {
  local key=$1
  shift
  kms import-key-material --key-id "$key" --encrypted-key-material "fileb://$work/EncryptedKeyMaterial.bin" \
    --import-token "fileb://$work/ImportToken.bin" "$@"
}

# ahead SECONDS: the instant so far ahead, as --valid-to takes it.
ahead() { python3 -c "import sys, time; print(time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + int(sys.argv[1]))))" "$1"; }

# seconds TEXT: an instant, as epoch seconds, whether the CLI showed it as a number or as ISO 8601.
seconds() {
  python3 -c "
import sys, datetime
text = sys.argv[1]
try: print(int(float(text)))
except ValueError: print(int(datetime.datetime.fromisoformat(text.replace('Z', '+00:00')).timestamp()))" "$1"
}

# near NAME SECONDS SEEN: the instant that was seen is so far ahead, give or take a minute.
near() {
  local seen
  if seen=$(seconds "$3" 2>/dev/null) && python3 -c "import sys, time; sys.exit(abs(time.time() + $2 - $seen) > 60)"; then
    pass "$1"
  else
    fail "$1" "expected: an instant in $2 seconds" "seen:     $3"
  fi
}

# turn_clock SECONDS: lets that much time pass in this walk's account.
turn_clock() {
  python3 - "$KMS_ENDPOINT/_kms-conformance/clock" "$AWS_ACCESS_KEY_ID" "$1" <<'PYTHON'
import json, sys, urllib.request
url, account, seconds = sys.argv[1:]
body = json.dumps({"account": account, "advance_ms": int(seconds) * 1000}).encode()
urllib.request.urlopen(urllib.request.Request(url, body), timeout=10).read()
PYTHON
}

closing() {
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" -eq 0 ]
}
