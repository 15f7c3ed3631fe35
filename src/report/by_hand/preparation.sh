# Needs bash, the AWS CLI (version 1 or 2, of June 2025 or newer), jq, openssl 3, curl 7.86 and Python 3.7.
export ENDPOINT=${ENDPOINT:-http://127.0.0.1:4566}
export AWS_DEFAULT_REGION=${AWS_DEFAULT_REGION:-us-east-1} OTHER_REGION=us-west-2
export AWS_ACCESS_KEY_ID=${AWS_ACCESS_KEY_ID:-test} AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY:-test}
export OTHER_ACCESS_KEY_ID=111122223333 OTHER_SECRET_ACCESS_KEY=test # of a second account
export AWS_DEFAULT_OUTPUT=json AWS_PAGER= AWS_MAX_ATTEMPTS=1
unset AWS_REGION
cd "$(mktemp -d)"

# unbase64 FILE: base64 from stdin into a file.
unbase64() { openssl base64 -d -A -out "$1"; }
# base64_of FILE: as base64, on one line.
base64_of() { openssl base64 -A -in "$1"; }
# rsaes_oaep HASH PUBLIC-KEY IN OUT: RSAES_OAEP_SHA_1 and RSAES_OAEP_SHA_256. The hash serves MGF1, too.
rsaes_oaep() {
  openssl pkeyutl -encrypt -in "$3" -out "$4" -inkey "$2" -keyform DER -pubin \
    -pkeyopt rsa_padding_mode:oaep -pkeyopt "rsa_oaep_md:$1" -pkeyopt "rsa_mgf1_md:$1"
}
# rsaes_pkcs1 PUBLIC-KEY IN OUT: RSAES_PKCS1_V1_5, which AWS has retired.
rsaes_pkcs1() {
  openssl pkeyutl -encrypt -in "$2" -out "$3" -inkey "$1" -keyform DER -pubin -pkeyopt rsa_padding_mode:pkcs1
}
# rsa_aes_key_wrap HASH PUBLIC-KEY IN OUT: RSA_AES_KEY_WRAP_SHA_1 and RSA_AES_KEY_WRAP_SHA_256: a fresh AES key under
# the RSA key, followed by the material under that AES key (RFC 5649).
rsa_aes_key_wrap() {
  openssl rand -out aes.key 32 &&
    rsaes_oaep "$1" "$2" aes.key aes.wrapped &&
    openssl enc -id-aes256-wrap-pad -iv A65959A6 -K "$(od -An -v -tx1 aes.key | tr -d ' \n')" -in "$3" -out material.wrapped &&
    cat aes.wrapped material.wrapped >"$4"
}
# flip start|middle|end FILE: turns over one bit.
flip() {
  python3 -c 'import sys; d = bytearray(open(sys.argv[2], "rb").read())
d[{"start": 0, "middle": len(d) // 2, "end": -1}[sys.argv[1]]] ^= 1; open(sys.argv[2], "wb").write(d)' "$@"
}
# resize BYTES FILE: cuts so many bytes off (-1), or appends so many zero bytes (1).
resize() {
  python3 -c 'import sys; n = int(sys.argv[1]); d = open(sys.argv[2], "rb").read()
open(sys.argv[2], "wb").write(d[:n] if n < 0 else d + bytes(n))' "$@"
}
# instant TIME SECONDS: an instant so much later than another, in epoch seconds.
instant() {
  python3 -c 'import sys, datetime; t, s = sys.argv[1:]
try: t = float(t)
except ValueError: t = datetime.datetime.fromisoformat(t.replace("Z", "+00:00")).timestamp()
t = round(t + float(s), 3); print(int(t) if t == int(t) else t)' "$@"
}
# raw OPERATION BODY [CONTENT-TYPE]: a request that the AWS CLI would not send so.
raw() {
  curl -sS -i --aws-sigv4 "aws:amz:$AWS_DEFAULT_REGION:kms" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
    -H "content-type: ${3:-application/x-amz-json-1.1}" -H "x-amz-target: TrentService.$1" --data-binary "$2" "$ENDPOINT/"
  echo
}
