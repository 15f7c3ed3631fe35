#!/usr/bin/env bash
# The walk-through of the AWS CLI v1 page `import-key-material`, with that CLI and with openssl.
# Started by ./run, which sets KMS_ENDPOINT, AWS_ACCESS_KEY_ID (the account) and CLIENTS (where the CLI is).
set -euo pipefail
cli=$CLIENTS/cli_v1/bin/aws
. "$(dirname "$0")/cli_steps.sh"

like "it is version 1" '^aws-cli/1\.' "$("$cli" --version 2>&1)"

# A key without material.
key=$(create_key || true)
like "create-key answers an id" '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' "$key"
arn=$(kms describe-key --key-id "$key" --query KeyMetadata.Arn --output text || true)
is "describe-key answers the ARN" "arn:aws:kms:$AWS_DEFAULT_REGION:$AWS_ACCESS_KEY_ID:key/$key" "$arn"
is "the key has no material" "PendingImport False None" "$(state "$key")"
printf 'attack at dawn' >"$work/plaintext"
refused "encrypt is refused" KMSInvalidStateException Encrypt \
  kms encrypt --key-id "$key" --plaintext "fileb://$work/plaintext"
like "and the message says why" "${arn//./\\.} is pending import" "$(cat "$work/err")"

# The first import, which expires.
openssl rand -out "$work/material" 32
works "get-parameters-for-import" parameters "$key" RSAES_OAEP_SHA_256 RSA_2048
is "the public key is DER" 294 "$(wc -c <"$work/PublicKey.bin" | tr -d ' ')"
works "openssl wraps under it" oaep sha256 "$work/material" "$work/EncryptedKeyMaterial.bin"

refused "import without --valid-to is refused" ValidationException ImportKeyMaterial import_material "$key"
like "and the message asks for it" \
  'A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES$' "$(cat "$work/err")"
refused "the date of the page's example is refused, for it has passed" ValidationException ImportKeyMaterial \
  import_material "$key" --expiration-model KEY_MATERIAL_EXPIRES --valid-to 2021-09-21T19:00:00Z
refused "a date more than 365 days ahead is refused" ValidationException ImportKeyMaterial \
  import_material "$key" --expiration-model KEY_MATERIAL_EXPIRES --valid-to "$(ahead $((366 * 86400)))"
refused "a date for material that does not expire is refused" ValidationException ImportKeyMaterial \
  import_material "$key" --expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE --valid-to "$(ahead 3600)"
is "the key still has no material" "PendingImport False None" "$(state "$key")"

valid_to=$(ahead 3600)
works "import with the page's command" \
  import_material "$key" --expiration-model KEY_MATERIAL_EXPIRES --valid-to "$valid_to"
is "the key is enabled" "Enabled True KEY_MATERIAL_EXPIRES" "$(state "$key")"
shown=$(kms describe-key --key-id "$key" --query KeyMetadata.ValidTo --output text || true)
is "describe-key shows the date" "$(seconds "$valid_to")" "$(seconds "$shown" 2>&1)"

# Use.
context="--encryption-context purpose=walk"
works "encrypt" kms encrypt --key-id "$arn" --plaintext "fileb://$work/plaintext" $context \
  --query CiphertextBlob --output text
openssl base64 -d -A <"$work/out" >"$work/ciphertext" || true
decrypt() { kms decrypt --ciphertext-blob "fileb://$work/ciphertext" $context --query Plaintext --output text; }
works "decrypt" decrypt
is "the plaintext is back" "attack at dawn" "$(openssl base64 -d -A <"$work/out")"
refused "decrypt without the context is refused" InvalidCiphertextException Decrypt \
  kms decrypt --ciphertext-blob "fileb://$work/ciphertext"

# Delete, and import the same again, under a new pair, without expiry.
works "delete-imported-key-material" kms delete-imported-key-material --key-id "$key"
is "the key lost its material" "PendingImport False None" "$(state "$key")"
refused "encrypt is refused" KMSInvalidStateException Encrypt \
  kms encrypt --key-id "$key" --plaintext "fileb://$work/plaintext"
refused "decrypt is refused" KMSInvalidStateException Decrypt decrypt
works "get-parameters-for-import again" parameters "$key" RSAES_OAEP_SHA_256 RSA_2048
works "openssl wraps the same material" oaep sha256 "$work/material" "$work/EncryptedKeyMaterial.bin"
works "reimport, for good" import_material "$key" --expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE
is "the key is enabled" "Enabled True KEY_MATERIAL_DOES_NOT_EXPIRE" "$(state "$key")"
is "describe-key shows no date" None \
  "$(kms describe-key --key-id "$key" --query KeyMetadata.ValidTo --output text || true)"
works "the old ciphertext decrypts" decrypt
is "to the old plaintext" "attack at dawn" "$(openssl base64 -d -A <"$work/out")"

# What the page warns of.
other=$(create_key || true)
works "a pair for another key" parameters "$other" RSAES_OAEP_SHA_256 RSA_2048
works "wrapped under it" oaep sha256 "$work/material" "$work/EncryptedKeyMaterial.bin"
refused "the token of another key is refused" InvalidImportTokenException ImportKeyMaterial \
  import_material "$key" --expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE
works "a new pair, with the material wrapped under the old one" parameters "$other" RSAES_OAEP_SHA_256 RSA_2048
refused "a token and a public key of two answers are refused" InvalidCiphertextException ImportKeyMaterial \
  import_material "$other" --expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE
head -c 900 /dev/zero >"$work/ImportToken.bin"
refused "a token that is none is refused" InvalidImportTokenException ImportKeyMaterial \
  import_material "$other" --expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE
works "a pair for the first key" parameters "$key" RSAES_OAEP_SHA_256 RSA_2048
openssl rand -out "$work/other material" 32
works "other material wrapped under it" oaep sha256 "$work/other material" "$work/EncryptedKeyMaterial.bin"
refused "other material is refused" IncorrectKeyMaterialException ImportKeyMaterial \
  import_material "$key" --expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE
is "the key works on" "Enabled True KEY_MATERIAL_DOES_NOT_EXPIRE" "$(state "$key")"

# When the date comes, the material goes.
works "a pair for the last import" parameters "$key" RSAES_OAEP_SHA_256 RSA_2048
works "wrapped under it" oaep sha256 "$work/material" "$work/EncryptedKeyMaterial.bin"
works "reimport over the present material, to expire" import_material "$key" --valid-to "$(ahead 3600)"
is "the key is enabled" "Enabled True KEY_MATERIAL_EXPIRES" "$(state "$key")"
works "an hour passes" turn_clock 3601
is "the material has expired" "PendingImport False None" "$(state "$key")"
refused "decrypt is refused" KMSInvalidStateException Decrypt decrypt
works "a day passes" turn_clock 86400
refused "the token has expired" ExpiredImportTokenException ImportKeyMaterial \
  import_material "$key" --expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE

closing
