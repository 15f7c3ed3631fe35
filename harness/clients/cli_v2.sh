#!/usr/bin/env bash
# The walk-through of the AWS CLI v2 page `get-parameters-for-import`, with that CLI and with openssl.
# Started by ./run, which sets KMS_ENDPOINT, AWS_ACCESS_KEY_ID (the account) and AWS_CLI_V2 (the program).
set -euo pipefail
cli=$AWS_CLI_V2
. "$(dirname "$0")/cli_steps.sh"

like "it is version 2" '^aws-cli/2\.' "$("$cli" --version 2>&1)"

# The page's example, by key id and by key ARN.
key=$(create_key || true)
arn=$(kms describe-key --key-id "$key" --query KeyMetadata.Arn --output text || true)
for named in "$key" "$arn"; do
  works "get-parameters-for-import --key-id ${named%%-*}…" kms get-parameters-for-import --key-id "$named" \
    --wrapping-algorithm RSAES_OAEP_SHA_256 --wrapping-key-spec RSA_2048 --output json
  member() { python3 -c "import json, sys; print(json.load(open(sys.argv[1])).get(sys.argv[2], 'absent'))" "$work/out" "$1"; }
  is "KeyId is the ARN" "$arn" "$(member KeyId)"
  near "ParametersValidTo is in 24 hours" 86400 "$(member ParametersValidTo)"
  like "PublicKey is base64 of DER" '^MIIBIjAN[A-Za-z0-9+/]+={0,2}$' "$(member PublicKey)"
  like "ImportToken is base64" '^[A-Za-z0-9+/]{100,}={0,2}$' "$(member ImportToken)"
done
is "another pair every time" 2 "$(for _ in 1 2; do
  kms get-parameters-for-import --key-id "$key" --wrapping-algorithm RSAES_OAEP_SHA_256 \
    --wrapping-key-spec RSA_2048 --query PublicKey --output text || true
done | sort -u | wc -l | tr -d ' ')"

# walk SPEC USAGE MATERIAL ALGORITHM WRAPPING-KEY-SPEC WRAP HASH: one key's import, with the pair's public key checked.
walk() {
  local spec=$1 usage=$2 material=$3 algorithm=$4 wrapping=$5 wrap=$6 hash=$7 key bits
  local name="$spec by $algorithm, $wrapping:"
  key=$(create_key --key-spec "$spec" --key-usage "$usage" || true)
  works "$name a pair" parameters "$key" "$algorithm" "$wrapping"
  bits=$(openssl pkey -pubin -inform DER -in "$work/PublicKey.bin" -noout -text 2>&1 |
    sed -n 's/.*(\([0-9]*\) bit).*/\1/p' || true)
  is "$name the public key has the size that was asked for" "${wrapping#RSA_}" "$bits"
  works "$name openssl wraps" "$wrap" "$hash" "$material" "$work/EncryptedKeyMaterial.bin"
  works "$name import" import_material "$key" --expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE
  is "$name the key is enabled" "Enabled True KEY_MATERIAL_DOES_NOT_EXPIRE" "$(state "$key")"
}

openssl rand -out "$work/symmetric" 32
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -outform DER -out "$work/ecc.sec1" 2>"$work/err"
openssl pkcs8 -topk8 -nocrypt -inform DER -in "$work/ecc.sec1" -outform DER -out "$work/ecc"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -outform DER -out "$work/rsa.any" 2>"$work/err"
openssl pkcs8 -topk8 -nocrypt -inform DER -in "$work/rsa.any" -outform DER -out "$work/rsa"

# The algorithms of the page and those of today, with all sizes of the wrapping key.
for wrapping in RSA_2048 RSA_3072 RSA_4096; do
  walk SYMMETRIC_DEFAULT ENCRYPT_DECRYPT "$work/symmetric" RSAES_OAEP_SHA_1 "$wrapping" oaep sha1
  walk SYMMETRIC_DEFAULT ENCRYPT_DECRYPT "$work/symmetric" RSAES_OAEP_SHA_256 "$wrapping" oaep sha256
  walk ECC_NIST_P256 SIGN_VERIFY "$work/ecc" RSA_AES_KEY_WRAP_SHA_1 "$wrapping" aes_key_wrap sha1
  walk RSA_2048 SIGN_VERIFY "$work/rsa" RSA_AES_KEY_WRAP_SHA_256 "$wrapping" aes_key_wrap sha256
done

# What the imported RSA key signs, openssl verifies.
key=$(create_key --key-spec RSA_2048 --key-usage SIGN_VERIFY || true)
works "a pair for an RSA key" parameters "$key" RSA_AES_KEY_WRAP_SHA_256 RSA_4096
works "its private key wrapped" aes_key_wrap sha256 "$work/rsa" "$work/EncryptedKeyMaterial.bin"
works "import" import_material "$key" --expiration-model KEY_MATERIAL_EXPIRES --valid-to "$(ahead 3600)"
printf 'a message' >"$work/message"
works "sign" kms sign --key-id "$key" --message "fileb://$work/message" --message-type RAW \
  --signing-algorithm RSASSA_PKCS1_V1_5_SHA_256 --query Signature --output text
openssl base64 -d -A <"$work/out" >"$work/signature" || true
openssl pkey -in "$work/rsa" -inform DER -pubout -out "$work/rsa.pub"
works "openssl verifies with the imported key" \
  openssl dgst -sha256 -verify "$work/rsa.pub" -signature "$work/signature" "$work/message"

# What is refused.
refuse_pair() {
  refused "$1" "$2" GetParametersForImport kms get-parameters-for-import --key-id "$3" \
    --wrapping-algorithm "$4" --wrapping-key-spec "$5"
}
symmetric=$(create_key || true)
refuse_pair "the page's RSAES_PKCS1_V1_5, which AWS has retired" UnsupportedOperationException \
  "$symmetric" RSAES_PKCS1_V1_5 RSA_2048
refuse_pair "a wrapping algorithm that does not exist" ValidationException "$symmetric" RSAES_OAEP_SHA_512 RSA_2048
refuse_pair "a wrapping key that does not exist" ValidationException "$symmetric" RSAES_OAEP_SHA_256 RSA_1024
refuse_pair "a key that does not exist" NotFoundException \
  1234abcd-12ab-34cd-56ef-1234567890ab RSAES_OAEP_SHA_256 RSA_2048
like "and the message names its ARN" \
  "Key 'arn:aws:kms:$AWS_DEFAULT_REGION:$AWS_ACCESS_KEY_ID:key/1234abcd-12ab-34cd-56ef-1234567890ab' does not exist" \
  "$(cat "$work/err")"
own=$(kms create-key --query KeyMetadata.Arn --output text || true)
refuse_pair "a key whose material AWS made" UnsupportedOperationException "$own" RSAES_OAEP_SHA_256 RSA_2048
like "and the message says so" "$own origin is AWS_KMS which is not valid for this operation\.$" "$(cat "$work/err")"
works "a key is scheduled for deletion" kms schedule-key-deletion --key-id "$symmetric" --pending-window-in-days 7
refuse_pair "it gets no pair any more" KMSInvalidStateException "$symmetric" RSAES_OAEP_SHA_256 RSA_2048

closing
