"""The import life cycle with boto3, for every kind of key. Started by ./run, in a virtual environment of its own."""

import datetime
import hashlib
import hmac
import json
import secrets
import urllib.request

import boto3
from botocore.exceptions import ParamValidationError
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from steps import ACCOUNT, ENDPOINT, REGION, equal, raises, true, walk, works
from wrapping import pkcs8, spki, wrap

kms = boto3.client("kms", endpoint_url=ENDPOINT)
errors = kms.exceptions
NEVER = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
MESSAGE = b"a message"


def ahead(**span):
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    return now + datetime.timedelta(**span)


def create(**members):
    return kms.create_key(Origin="EXTERNAL", **members)["KeyMetadata"]


def describe(key):
    return kms.describe_key(KeyId=key)["KeyMetadata"]


def parameters(key, algorithm="RSAES_OAEP_SHA_256", spec="RSA_2048"):
    return kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm=algorithm, WrappingKeySpec=spec)


def put(key, material, algorithm="RSAES_OAEP_SHA_256", spec="RSA_2048", **members):
    """Imports the material under a pair of its own."""
    pair = parameters(key, algorithm, spec)
    blob = wrap(material, pair["PublicKey"], algorithm)
    return kms.import_key_material(
        KeyId=key, ImportToken=pair["ImportToken"], EncryptedKeyMaterial=blob, **(members or NEVER)
    )


def symmetric_keys():
    key = create(Description="a key of boto3")
    arn = key["Arn"]
    equal("a new key is in PendingImport", ("PendingImport", False), (key["KeyState"], key["Enabled"]))
    for member in ("ExpirationModel", "ValidTo", "CurrentKeyMaterialId", "DeletionDate"):
        true(f"a new key has no {member}", member not in key)
    equal("describe_key tells the same as create_key", key, describe(key["KeyId"]))
    true("CreationDate is an aware datetime, now", abs(key["CreationDate"] - ahead()) < datetime.timedelta(minutes=1))

    pair = parameters(arn)
    equal("get_parameters_for_import answers the ARN", arn, pair["KeyId"])
    left = pair["ParametersValidTo"] - ahead(hours=24)
    true("ParametersValidTo is in 24 hours", abs(left) < datetime.timedelta(minutes=1), pair["ParametersValidTo"])

    material = secrets.token_bytes(32)
    blob = wrap(material, pair["PublicKey"], "RSAES_OAEP_SHA_256")
    request = {"KeyId": arn, "ImportToken": pair["ImportToken"], "EncryptedKeyMaterial": blob}
    with raises("import without ValidTo: ValidationException", kms.exceptions.ClientError) as caught:
        kms.import_key_material(**request)
    error = caught.error.response
    equal("its code", "ValidationException", error["Error"]["Code"])
    equal(
        "its message",
        "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES",
        error["Error"]["Message"],
    )
    equal("its status", 400, error["ResponseMetadata"]["HTTPStatusCode"])
    equal("a request id came with it", 36, len(error["ResponseMetadata"]["RequestId"]))

    end = ahead(hours=2)
    first = kms.import_key_material(**request, ValidTo=end)
    equal("the same request with ValidTo works, and answers the ARN", arn, first["KeyId"])
    equal("and an id of the material", 64, len(first["KeyMaterialId"]))
    now = describe(arn)
    equal("the key is enabled", ("Enabled", True), (now["KeyState"], now["Enabled"]))
    equal("ValidTo reads back as the datetime it was", end, now["ValidTo"])
    equal("CurrentKeyMaterialId is the import's", first["KeyMaterialId"], now.get("CurrentKeyMaterialId"))

    context = {"purpose": "walk", "who": "ÄÖÜ 文"}
    sealed = kms.encrypt(KeyId=arn, Plaintext=MESSAGE, EncryptionContext=context)["CiphertextBlob"]
    opened = kms.decrypt(CiphertextBlob=sealed, EncryptionContext=context)
    equal("decrypt gives back what encrypt took", MESSAGE, opened["Plaintext"])
    equal("and tells which material did it", first["KeyMaterialId"], opened.get("KeyMaterialId"))
    with raises("another context: InvalidCiphertextException", errors.InvalidCiphertextException):
        kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"purpose": "other"})

    gone = kms.delete_imported_key_material(KeyId=arn)
    equal("delete_imported_key_material answers the ARN", arn, gone["KeyId"])
    now = describe(arn)
    equal("the key is back in PendingImport", "PendingImport", now["KeyState"])
    true("without ValidTo and ExpirationModel", not {"ValidTo", "ExpirationModel"} & now.keys(), now)
    equal("but with CurrentKeyMaterialId", first["KeyMaterialId"], now.get("CurrentKeyMaterialId"))
    with raises("encrypt: KMSInvalidStateException", errors.KMSInvalidStateException) as caught:
        kms.encrypt(KeyId=arn, Plaintext=MESSAGE)
    equal("its message", f"{arn} is pending import.", caught.error.response["Error"]["Message"])
    equal("botocore reads the lower-case member", f"{arn} is pending import.", caught.error.response.get("message"))

    with raises("other material: IncorrectKeyMaterialException", errors.IncorrectKeyMaterialException):
        put(arn, secrets.token_bytes(32))
    again = put(arn, material, "RSAES_OAEP_SHA_1", "RSA_4096")
    equal("the same material has the same id", first["KeyMaterialId"], again["KeyMaterialId"])
    opened = kms.decrypt(CiphertextBlob=sealed, EncryptionContext=context)
    equal("the old ciphertext decrypts", MESSAGE, opened["Plaintext"])


def rotation():
    key = create()["Arn"]
    old, new = secrets.token_bytes(32), secrets.token_bytes(32)
    first = put(key, old, **NEVER, ImportType="NEW_KEY_MATERIAL", KeyMaterialDescription="the first")["KeyMaterialId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=MESSAGE)["CiphertextBlob"]
    with raises("rotation with nothing to rotate to: KMSInvalidStateException", errors.KMSInvalidStateException):
        kms.rotate_key_on_demand(KeyId=key)
    second = put(key, new, **NEVER, ImportType="NEW_KEY_MATERIAL", KeyMaterialDescription="the second")["KeyMaterialId"]
    true("new material has another id", first != second)
    equal("the first stays current", first, describe(key)["CurrentKeyMaterialId"])
    with raises("a third: KMSInvalidStateException", errors.KMSInvalidStateException) as caught:
        put(key, secrets.token_bytes(32), ImportType="NEW_KEY_MATERIAL", **NEVER)
    message = caught.error.response["Error"]["Message"]
    true("its message names the one that waits", f"another key material (id: {second}) is pending rotation." in message)

    def materials(**paging):
        pages = kms.get_paginator("list_key_rotations").paginate(
            KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL", PaginationConfig=paging
        )
        return [entry for page in pages for entry in page["Rotations"]]

    seen = {entry["KeyMaterialId"]: entry for entry in materials()}
    equal("list_key_rotations lists both", {first, second}, set(seen))
    equal("with their states", ("CURRENT", "PENDING_ROTATION"), tuple(seen[id]["KeyMaterialState"] for id in (first, second)))
    equal("and descriptions", "the second", seen[second].get("KeyMaterialDescription"))
    equal("one to a page, the paginator collects the same", set(seen), {e["KeyMaterialId"] for e in materials(PageSize=1)})
    equal("rotate_key_on_demand answers the ARN", key, kms.rotate_key_on_demand(KeyId=key)["KeyId"])
    turn_clock(minutes=3)
    equal("minutes later the second is current", second, describe(key)["CurrentKeyMaterialId"])
    equal("the old ciphertext decrypts", MESSAGE, kms.decrypt(CiphertextBlob=sealed)["Plaintext"])
    done = [page for page in kms.get_paginator("list_key_rotations").paginate(KeyId=key)]
    equal("one rotation is on record", [("ON_DEMAND", second)], [
        (entry["RotationType"], entry["KeyMaterialId"]) for page in done for entry in page["Rotations"]
    ])
    kms.delete_imported_key_material(KeyId=key, KeyMaterialId=first)
    with raises("without the old material not even encrypt works", errors.KMSInvalidStateException):
        kms.encrypt(KeyId=key, Plaintext=MESSAGE)
    put(key, old)
    equal("until it is reimported", "Enabled", describe(key)["KeyState"])


def hmac_keys():
    for bits in (224, 256, 384, 512):
        name = f"HMAC_{bits}"
        key = create(KeySpec=name, KeyUsage="GENERATE_VERIFY_MAC")["Arn"]
        material = secrets.token_bytes(bits // 8)
        answer = put(key, material, spec="RSA_4096")
        equal(f"{name}: imported", key, answer["KeyId"])
        expected = hmac.new(material, MESSAGE, getattr(hashlib, f"sha{bits}")).digest()
        made = kms.generate_mac(KeyId=key, Message=MESSAGE, MacAlgorithm=f"HMAC_SHA_{bits}")["Mac"]
        equal(f"{name}: the MAC is Python's", expected, made)
        valid = kms.verify_mac(KeyId=key, Message=MESSAGE, MacAlgorithm=f"HMAC_SHA_{bits}", Mac=expected)
        equal(f"{name}: and verifies", True, valid["MacValid"])
        with raises(f"{name}: another does not", errors.KMSInvalidMacException):
            kms.verify_mac(KeyId=key, Message=b"other", MacAlgorithm=f"HMAC_SHA_{bits}", Mac=expected)
        kms.delete_imported_key_material(KeyId=key)
        with raises(f"{name}: no MAC without material", errors.KMSInvalidStateException):
            kms.generate_mac(KeyId=key, Message=MESSAGE, MacAlgorithm=f"HMAC_SHA_{bits}")
        put(key, material)
        equal(f"{name}: reimported", "Enabled", describe(key)["KeyState"])


def ecc_keys():
    for name, curve, digest, algorithm, wrapping in (
        ("ECC_NIST_P256", ec.SECP256R1(), hashes.SHA256(), "RSAES_OAEP_SHA_1", "RSA_2048"),
        ("ECC_NIST_P384", ec.SECP384R1(), hashes.SHA384(), "RSAES_OAEP_SHA_256", "RSA_3072"),
        ("ECC_NIST_P521", ec.SECP521R1(), hashes.SHA512(), "RSAES_OAEP_SHA_256", "RSA_4096"),
        ("ECC_SECG_P256K1", ec.SECP256K1(), hashes.SHA256(), "RSA_AES_KEY_WRAP_SHA_256", "RSA_2048"),
    ):
        private = ec.generate_private_key(curve)
        signing = f"ECDSA_SHA_{digest.digest_size * 8}"
        key = create(KeySpec=name, KeyUsage="SIGN_VERIFY")["Arn"]
        put(key, pkcs8(private), algorithm, wrapping)
        true(f"{name}: no CurrentKeyMaterialId", "CurrentKeyMaterialId" not in describe(key))
        equal(f"{name}: get_public_key is ours", spki(private), kms.get_public_key(KeyId=key)["PublicKey"])
        signature = kms.sign(KeyId=key, Message=MESSAGE, SigningAlgorithm=signing)["Signature"]
        with works(f"{name}: cryptography verifies what KMS signed"):
            private.public_key().verify(signature, MESSAGE, ec.ECDSA(digest))
        ours = private.sign(MESSAGE, ec.ECDSA(digest))
        with works(f"{name}: KMS verifies what cryptography signed"):
            kms.verify(KeyId=key, Message=MESSAGE, Signature=ours, SigningAlgorithm=signing)
        with raises(f"{name}: but not of another message", errors.KMSInvalidSignatureException):
            kms.verify(KeyId=key, Message=b"other", Signature=ours, SigningAlgorithm=signing)
        with raises(f"{name}: a different private key is refused", errors.IncorrectKeyMaterialException):
            put(key, pkcs8(ec.generate_private_key(curve)), algorithm, wrapping)
    with raises("P-521 does not go under OAEP with RSA_2048", errors.UnsupportedOperationException):
        parameters(create(KeySpec="ECC_NIST_P521", KeyUsage="SIGN_VERIFY")["Arn"], "RSAES_OAEP_SHA_256", "RSA_2048")


def key_agreement():
    private, peer = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    key = create(KeySpec="ECC_NIST_P256", KeyUsage="KEY_AGREEMENT")["Arn"]
    put(key, pkcs8(private))
    shared = kms.derive_shared_secret(KeyId=key, KeyAgreementAlgorithm="ECDH", PublicKey=spki(peer))["SharedSecret"]
    equal("derive_shared_secret is the peer's own", peer.exchange(ec.ECDH(), private.public_key()), shared)


def rsa_keys():
    for bits in (2048, 3072, 4096):
        name = f"RSA_{bits}"
        private = rsa.generate_private_key(65537, bits)
        signer = create(KeySpec=name, KeyUsage="SIGN_VERIFY")["Arn"]
        put(signer, pkcs8(private), "RSA_AES_KEY_WRAP_SHA_256", "RSA_4096", ValidTo=ahead(days=365) - datetime.timedelta(minutes=1))
        equal(f"{name}: enabled", "Enabled", describe(signer)["KeyState"])
        made = kms.sign(KeyId=signer, Message=MESSAGE, SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256")["Signature"]
        equal(f"{name}: the signature is cryptography's", private.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256()), made)
        cipher = create(KeySpec=name, KeyUsage="ENCRYPT_DECRYPT")["Arn"]
        put(cipher, pkcs8(private), "RSA_AES_KEY_WRAP_SHA_1", "RSA_2048")
        oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        ours = private.public_key().encrypt(MESSAGE, oaep)
        request = {"KeyId": cipher, "CiphertextBlob": ours, "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
        equal(f"{name}: KMS decrypts what cryptography encrypted", MESSAGE, kms.decrypt(**request)["Plaintext"])
        kms.delete_imported_key_material(KeyId=cipher)
        with raises(f"{name}: not without material", errors.KMSInvalidStateException):
            kms.decrypt(**request)
        put(cipher, pkcs8(private), "RSA_AES_KEY_WRAP_SHA_256", "RSA_3072")
        equal(f"{name}: and again after reimport", MESSAGE, kms.decrypt(**request)["Plaintext"])
    with raises("an RSA key does not go under OAEP", errors.UnsupportedOperationException):
        parameters(create(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["Arn"], "RSAES_OAEP_SHA_256", "RSA_4096")


def exceptions():
    own = kms.create_key()["KeyMetadata"]["Arn"]
    with raises("a pair for AWS's own material", errors.UnsupportedOperationException) as caught:
        parameters(own)
    equal("its message", f"{own} origin is AWS_KMS which is not valid for this operation.", str(caught.error.response.get("message")))
    with raises("deleting AWS's own material", errors.UnsupportedOperationException):
        kms.delete_imported_key_material(KeyId=own)
    with raises("a key that does not exist", errors.NotFoundException):
        parameters("1234abcd-12ab-34cd-56ef-1234567890ab")
    with raises("botocore itself asks for a token", ParamValidationError):
        kms.import_key_material(KeyId=own, EncryptedKeyMaterial=b"x")

    one, two = create()["Arn"], create()["Arn"]
    pair = parameters(one)
    blob = wrap(bytes(32), pair["PublicKey"], "RSAES_OAEP_SHA_256")
    with raises("a token of another key", errors.InvalidImportTokenException):
        kms.import_key_material(KeyId=two, ImportToken=pair["ImportToken"], EncryptedKeyMaterial=blob, **NEVER)
    with raises("a ciphertext that is none", errors.InvalidCiphertextException):
        kms.import_key_material(KeyId=one, ImportToken=pair["ImportToken"], EncryptedKeyMaterial=bytes(256), **NEVER)
    with raises("31 bytes", errors.IncorrectKeyMaterialException):
        put(one, bytes(31))
    turn_clock(hours=24)
    with raises("a token after 24 hours", errors.ExpiredImportTokenException):
        kms.import_key_material(KeyId=one, ImportToken=pair["ImportToken"], EncryptedKeyMaterial=blob, **NEVER)
    put(one, bytes(32))
    kms.disable_key(KeyId=one)
    with raises("encrypt with a disabled key", errors.DisabledException):
        kms.encrypt(KeyId=one, Plaintext=MESSAGE)
    kms.enable_key(KeyId=one)
    plan = kms.schedule_key_deletion(KeyId=one, PendingWindowInDays=7)
    equal("schedule_key_deletion answers a datetime", datetime.timezone.utc.utcoffset(None), plan["DeletionDate"].utcoffset())
    with raises("import into a key pending deletion", errors.KMSInvalidStateException):
        parameters(one)
    equal("cancel_key_deletion answers the ARN", one, kms.cancel_key_deletion(KeyId=one)["KeyId"])
    equal("and leaves the key disabled", "Disabled", describe(one)["KeyState"])


def paginators():
    client = kms
    keys = {client.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"] for _ in range(5)}
    one = sorted(keys)[0]
    for number in range(5):
        client.create_alias(AliasName=f"alias/walk-{number}", TargetKeyId=one)
        client.tag_resource(KeyId=one, Tags=[{"TagKey": f"key {number}", "TagValue": ""}])

    def pages(operation, member, **request):
        found = list(client.get_paginator(operation).paginate(**request, PaginationConfig={"PageSize": 2}))
        return found, [entry for page in found for entry in page[member]]

    found, entries = pages("list_keys", "Keys")
    true("list_keys comes in pages", len(found) > 2, len(found))
    true("with every key", keys <= {entry["KeyId"] for entry in entries})
    equal("each once", len(entries), len({entry["KeyId"] for entry in entries}))
    found, entries = pages("list_aliases", "Aliases", KeyId=one)
    equal("list_aliases", [f"alias/walk-{n}" for n in range(5)], sorted(entry["AliasName"] for entry in entries))
    equal("in three pages", 3, len(found))
    found, entries = pages("list_resource_tags", "Tags", KeyId=one)
    equal("list_resource_tags", [f"key {n}" for n in range(5)], sorted(entry["TagKey"] for entry in entries))
    found, entries = pages("list_grants", "Grants", KeyId=one)
    equal("list_grants of a key without grants", [], entries)
    found, entries = pages("list_key_policies", "PolicyNames", KeyId=one)
    equal("list_key_policies", ["default"], entries)


def account():
    equal("the access key id names the account", ACCOUNT, create()["AWSAccountId"])
    elsewhere = boto3.client("kms", endpoint_url=ENDPOINT, region_name="eu-central-1")
    key = elsewhere.create_key(Origin="EXTERNAL")["KeyMetadata"]
    true("the client's Region is in the ARN", key["Arn"].startswith(f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/"))
    with raises(f"a key of another Region is not found in {REGION}", errors.NotFoundException):
        describe(key["KeyId"])


def turn_clock(**span):
    body = {"account": ACCOUNT, "advance_ms": int(datetime.timedelta(**span).total_seconds() * 1000)}
    request = urllib.request.Request(f"{ENDPOINT}/_kms-conformance/clock", json.dumps(body).encode())
    urllib.request.urlopen(request, timeout=10).read()


# The clock only goes forward: what looks at it comes first.
walk(account, symmetric_keys, hmac_keys, ecc_keys, key_agreement, rsa_keys, paginators, rotation, exceptions)
