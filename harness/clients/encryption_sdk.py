"""Messages of the AWS Encryption SDK under an imported key. Started by ./run, in a virtual environment of its own."""

import contextlib
import logging
import os
import secrets

import aws_encryption_sdk
import boto3
from aws_encryption_sdk import StrictAwsKmsMasterKeyProvider
from aws_encryption_sdk.exceptions import DecryptKeyError, GenerateKeyError
from aws_encryption_sdk.identifiers import CommitmentPolicy

from steps import ENDPOINT, equal, raises, true, walk
from wrapping import wrap

os.environ["AWS_ENDPOINT_URL_KMS"] = ENDPOINT
kms = boto3.client("kms")
sdk = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)


class Causes(logging.Handler):
    """What KMS answered: the SDK logs it, and raises an exception that does not tell."""

    codes = []

    def emit(self, record):
        response = getattr(record.exc_info[1], "response", None) if record.exc_info else None
        if response is not None:
            self.codes.append(response["Error"]["Code"])


log = logging.getLogger("aws_encryption_sdk")
log.addHandler(Causes())
log.propagate = False
CONTEXT = {"purpose": "walk", "who": "ÄÖÜ 文"}
MESSAGE = secrets.token_bytes(100_000)


def create():
    return kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["Arn"]


def put(key, material):
    algorithm = "RSAES_OAEP_SHA_256"
    pair = kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm=algorithm, WrappingKeySpec="RSA_4096")
    kms.import_key_material(
        KeyId=key,
        ImportToken=pair["ImportToken"],
        EncryptedKeyMaterial=wrap(material, pair["PublicKey"], algorithm),
        ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
    )


def encrypt(*keys):
    return sdk.encrypt(source=MESSAGE, key_provider=StrictAwsKmsMasterKeyProvider(key_ids=keys), encryption_context=CONTEXT)


def decrypt(message, *keys):
    return sdk.decrypt(source=message, key_provider=StrictAwsKmsMasterKeyProvider(key_ids=keys))


@contextlib.contextmanager
def refused(name, exception, *codes):
    """The SDK fails with this exception because KMS answered these errors."""
    Causes.codes.clear()
    with raises(name, exception):
        yield
    equal("because of KMS", list(codes), list(Causes.codes))


def one_key():
    key = create()
    with refused("no message under a key without material", GenerateKeyError, "KMSInvalidStateException"):
        encrypt(key)
    material = secrets.token_bytes(32)
    put(key, material)
    message, header = encrypt(key)
    true("the message is encrypted under the key", MESSAGE[:64] not in message and header.encrypted_data_keys)
    equal("it names the key's ARN", {key.encode()}, {edk.key_provider.key_info for edk in header.encrypted_data_keys})
    plaintext, header = decrypt(message, key)
    equal("it decrypts", MESSAGE, plaintext)
    equal("its encryption context is authentic", CONTEXT, {name: header.encryption_context.get(name) for name in CONTEXT})

    kms.delete_imported_key_material(KeyId=key)
    with refused("without the material it does not decrypt", DecryptKeyError, "KMSInvalidStateException"):
        decrypt(message, key)
    with refused("nor can another message be made", GenerateKeyError, "KMSInvalidStateException"):
        encrypt(key)
    put(key, material)
    equal("after reimport the old message decrypts", MESSAGE, decrypt(message, key)[0])
    equal("and new ones are made", MESSAGE, decrypt(encrypt(key)[0], key)[0])
    broken = bytearray(message)
    broken[header_end(message, key)] ^= 1
    with refused("a message with another data key does not decrypt", DecryptKeyError, "InvalidCiphertextException"):
        decrypt(bytes(broken), key)


def header_end(message, key):
    """A place within the encrypted data key, which follows the ARN and two bytes of length."""
    return message.index(key.encode()) + len(key) + 2 + 40


def two_keys():
    """The data key comes from GenerateDataKey of the first key, and goes through Encrypt of the second."""
    keys = create(), create()
    materials = secrets.token_bytes(32), secrets.token_bytes(32)
    for key, material in zip(keys, materials):
        put(key, material)
    message, header = encrypt(*keys)
    equal("two keys, two encrypted data keys", 2, len(header.encrypted_data_keys))
    kms.delete_imported_key_material(KeyId=keys[0])
    equal("one key's material is enough", MESSAGE, decrypt(message, *keys)[0])
    kms.delete_imported_key_material(KeyId=keys[1])
    with refused("none is not", DecryptKeyError, "KMSInvalidStateException", "KMSInvalidStateException"):
        decrypt(message, *keys)
    put(keys[0], materials[0])
    equal("either will do", MESSAGE, decrypt(message, *keys)[0])


walk(one_key, two_keys)
