"""The pages on .NET, PowerShell and R paws, whose clients cannot be installed from here: their requests as those
clients write them, byte for byte, and the answers as those clients read them. Started by ./run.

Who writes what:

- .NET 3.x: members in alphabetical order, base64 as it is; a date as a double, with up to 15 digits (.NET Framework) or
  as many as it takes (.NET); a header for the API's version and one with the body's hash, which is signed.
- .NET 4.x: the same members, but `+` is written `\\u002B`; a date as whole seconds.
- PowerShell: the SDK for .NET with another User-Agent; Windows PowerShell is .NET Framework.
- R paws: members in the order of the API's model, a date as R prints a double, which is `1.8e+09` if that is shorter;
  Content-Length is signed; libcurl of old waits for `100 Continue` before a body of more than 1024 bytes.

The bodies and what is signed follow the clients' sources; the order of headers follows recordings and HTTP libraries.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
import socket
import time
import uuid
from urllib.parse import urlsplit

from steps import ACCOUNT, ENDPOINT, REGION, equal, report, true, walk
from wrapping import wrap

ADDRESS = urlsplit(ENDPOINT)
HOST = ADDRESS.netloc
MEDIA_TYPE = "application/x-amz-json-1.1"
OAEP = "RSAES_OAEP_SHA_256"
MESSAGE = b"a message"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Wire:
    """One connection, kept alive as these clients keep it."""

    def __init__(self):
        self.socket = socket.create_connection((ADDRESS.hostname, ADDRESS.port), timeout=30)
        self.reader = self.socket.makefile("rb")

    def exchange(self, headers, body):
        head = "".join(f"{name}: {value}\r\n" for name, value in headers)
        self.socket.sendall(f"POST / HTTP/1.1\r\n{head}\r\n".encode())
        if ("Expect", "100-continue") in headers:
            interim = self.reader.readline() + self.reader.readline()
            equal("the emulator says to continue", b"HTTP/1.1 100 Continue\r\n\r\n", interim)
        self.socket.sendall(body)
        version, status, *_ = self.reader.readline().decode().split(" ")
        assert version == "HTTP/1.1", version
        answered = {}
        while (line := self.reader.readline().decode().rstrip("\r\n")):
            name, value = line.split(":", 1)
            answered[name.lower()] = value.strip()
        return Answer(int(status), answered, self.reader.read(int(answered["content-length"])))


def signed(headers, body, names):
    """The Authorization header of Signature Version 4 over these headers."""
    values = {name.lower(): value for name, value in headers}
    names = sorted(names)
    canonical = "".join(f"{name}:{' '.join(values[name].split())}\n" for name in names)
    request = f"POST\n/\n\n{canonical}\n{';'.join(names)}\n{hashlib.sha256(body).hexdigest()}"
    date = values["x-amz-date"]
    scope = f"{date[:8]}/{REGION}/kms/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = b"AWS4secret"
    for part in (date[:8], REGION, "kms", "aws4_request", text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/{scope}, SignedHeaders={';'.join(names)}, Signature={key.hex()}"


def amz_date():
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())


def text(value):
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


class Raw(str):
    """A number as it is to stand in the JSON."""


def written(members, escape=lambda text: text):
    """A flat JSON object without white space, its members in this order."""
    fields = (f'"{n}":{v}' if isinstance(v, Raw) else f'"{n}":"{escape(text(v))}"' for n, v in members.items())
    return f"{{{','.join(fields)}}}".encode()


class DotNet:
    """AWSSDK.KeyManagementService 3.x."""

    agent = "aws-sdk-dotnet-coreclr/3.7.300.46 aws-sdk-dotnet-core/3.7.302.6 .NET_Core/8.0.1 OS/Linux_6.1.0 ClientAsync"
    signs = (
        "content-type", "host", "user-agent", "x-amz-api-version", "x-amz-content-sha256", "x-amz-date", "x-amz-target",
    )
    fractions = ("", ".5", ".123", ".12346", ".1234567")

    def __init__(self):
        self.wire = Wire()

    def body(self, members):
        return written(dict(sorted(members.items())))

    def call(self, operation, **members):
        body = self.body(members)
        headers = [
            ("X-Amz-Target", f"TrentService.{operation}"),
            ("X-Amz-Api-Version", "2014-11-01"),
            ("User-Agent", self.agent),
            ("amz-sdk-invocation-id", str(uuid.uuid4())),
            ("amz-sdk-request", "attempt=1; max=5"),
            ("Host", HOST),
            ("X-Amz-Date", amz_date()),
            ("X-Amz-Content-SHA256", hashlib.sha256(body).hexdigest()),
        ]
        content = [("Content-Length", str(len(body))), ("Content-Type", MEDIA_TYPE)]
        authorization = signed(headers + content, body, self.signs)
        return self.wire.exchange([*headers, ("Authorization", authorization), *content], body)


class DotNet4(DotNet):
    """AWSSDK.KeyManagementService 4.x, whose writer escapes what could end a script in HTML."""

    agent = (
        "aws-sdk-dotnet-coreclr/4.0.3 ua/2.1 os/linux#6.1.0 md/ARCH#X64 lang/.NET_Core#8.0.1 md/aws-sdk-dotnet-core#4.0.0"
        " api/KeyManagementService#4.0.3 cfg/retry-mode#standard md/ClientAsync"
    )
    signs = tuple(name for name in DotNet.signs if name != "user-agent")
    fractions = ("",)

    def body(self, members):
        return written(dict(sorted(members.items())), lambda text: text.replace("+", "\\u002B"))


class PowerShell(DotNet):
    """AWS Tools for PowerShell."""

    agent = "AWSPowerShell.Common/4.1.90.0 .NET_Core/6.0.5 OS/Microsoft_Windows_10.0.17763 PowerShellCore/7.-1 ClientAsync"


class Paws:
    """R paws, over libcurl."""

    agent = "paws/0.8.0 (R4.5.0; linux-gnu; x86_64)"
    waits_above = 1 << 20
    order = (
        "KeyId", "ImportToken", "EncryptedKeyMaterial", "ValidTo", "ExpirationModel", "ImportType",
        "KeyMaterialDescription", "KeyMaterialId", "WrappingAlgorithm", "WrappingKeySpec", "Plaintext", "CiphertextBlob",
        "Origin",
    )

    def __init__(self):
        self.wire = Wire()

    def call(self, operation, **members):
        body = written({name: members[name] for name in self.order if name in members})
        assert set(members) <= set(self.order)
        headers = [
            ("Host", HOST),
            ("Accept", "*/*"),
            ("Accept-Encoding", "deflate, gzip, br, zstd"),
            ("User-Agent", self.agent),
            ("X-Amz-Target", f"TrentService.{operation}"),
            ("Content-Type", MEDIA_TYPE),
            ("Content-Length", str(len(body))),
            ("X-Amz-Date", amz_date()),
        ]
        names = ("content-length", "content-type", "host", "x-amz-date", "x-amz-target")
        headers.append(("Authorization", signed(headers, body, names)))
        if len(body) > self.waits_above:
            headers.append(("Expect", "100-continue"))
        return self.wire.exchange(headers, body)


class PawsOfOld(Paws):
    """The same over a libcurl that waits for leave to send a body."""

    waits_above = 1024


def good(name, answer):
    """The answer is one that all of these clients read; its JSON."""
    problems = [f"status {answer.status}: {answer.body.decode()}"] if answer.status != 200 else []
    report(name, "; ".join(problems + envelope(answer)) or None)
    return answer.json() if answer.body else {}


def envelope(answer):
    headers, problems = answer.headers, []
    if headers.get("content-type") != MEDIA_TYPE:
        problems.append(f"content-type {headers.get('content-type')}")
    if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", headers.get("x-amzn-requestid", "")):
        problems.append(f"x-amzn-requestid {headers.get('x-amzn-requestid')}")
    if {"content-encoding", "transfer-encoding"} & headers.keys():
        problems.append(f"encoded: {headers}")
    return problems


def bad(name, code, answer, message=None):
    """The answer is an error that all of these clients read: paws takes what stands before a `#`, .NET what follows."""
    problems = envelope(answer)
    if answer.status != 400:
        problems.append(f"status {answer.status}")
    try:
        body = answer.json()
        if body.get("__type") != code:
            problems.append(f"expected {code}")
        if not body.keys() <= {"__type", "message"}:
            problems.append("other members")
        if message is not None and body.get("message") != message:
            problems.append(f"expected the message: {message}")
    except ValueError as error:
        problems.append(str(error))
    report(name, f"{'; '.join(problems)}; seen: {answer.body.decode()}" if problems else None)


def create(client, name):
    key = good(f"{name}: CreateKey", client.call("CreateKey", Origin="EXTERNAL"))["KeyMetadata"]
    equal(f"{name}: it is in the signer's account and Region", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key['KeyId']}", key["Arn"])
    return key["KeyId"], key["Arn"]


def describe(client, key):
    return client.call("DescribeKey", KeyId=key).json()["KeyMetadata"]


def wrapped(client, key, material, spec="RSA_2048"):
    """What an import takes: a token, and the material under the key that came with it."""
    pair = client.call("GetParametersForImport", KeyId=key, WrappingAlgorithm=OAEP, WrappingKeySpec=spec).json()
    blob = wrap(material, base64.b64decode(pair["PublicKey"], validate=True), OAEP)
    return {"ImportToken": base64.b64decode(pair["ImportToken"], validate=True), "EncryptedKeyMaterial": blob}


def imported(name, arn, answer):
    body = good(name, answer)
    equal(f"{name}: the answer has the ARN and the material's id, and nothing else",
          (arn, ["KeyId", "KeyMaterialId"], 64), (body.get("KeyId"), sorted(body), len(body.get("KeyMaterialId", ""))))
    return body


def life(client, name, key, arn, material):
    """From an enabled key: use, delete, reimport, use."""
    sealed = good(f"{name}: Encrypt", client.call("Encrypt", KeyId=key, Plaintext=MESSAGE))["CiphertextBlob"]
    sealed = base64.b64decode(sealed, validate=True)
    good(f"{name}: DeleteImportedKeyMaterial", client.call("DeleteImportedKeyMaterial", KeyId=key))
    equal(f"{name}: the key is in PendingImport", "PendingImport", describe(client, key)["KeyState"])
    bad(f"{name}: Encrypt without material", "KMSInvalidStateException",
        client.call("Encrypt", KeyId=key, Plaintext=MESSAGE), f"{arn} is pending import.")
    again = client.call("ImportKeyMaterial", KeyId=key, **wrapped(client, key, material), ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
    imported(f"{name}: reimport", arn, again)
    opened = good(f"{name}: the old ciphertext decrypts", client.call("Decrypt", CiphertextBlob=sealed))
    equal(f"{name}: to the old plaintext", MESSAGE, base64.b64decode(opened["Plaintext"]))


def dated(client, name, key, arn, material, number):
    """An import whose ValidTo is written so reads back, to the millisecond."""
    answer = client.call("ImportKeyMaterial", KeyId=key, **wrapped(client, key, material), ValidTo=Raw(number))
    imported(f"{name}: ValidTo written {number}", arn, answer)
    now = describe(client, key)
    equal(f"{name}: {number} reads back", round(float(number), 3), round(float(now.get("ValidTo", 0)), 3))
    equal(f"{name}: the key is enabled and expires", ("Enabled", "KEY_MATERIAL_EXPIRES"), (now["KeyState"], now.get("ExpirationModel")))


def soon():
    return int(time.time()) + 7200


def round_number():
    """The next instant that R prints with an exponent: 1.79e+09 is shorter than 1790000000."""
    number = (soon() // 10**7 + 1) * 10**7
    digits = str(number).rstrip("0")
    mantissa = f"{digits[0]}.{digits[1:]}".rstrip(".")
    return number, f"{mantissa}e+{len(str(number)) - 1:02d}"


def dot_net():
    for client in (DotNet(), DotNet4()):
        name = type(client).__name__
        key, arn = create(client, name)
        material = secrets.token_bytes(32)
        pair = wrapped(client, key, material)
        bad(f"{name}: import without ValidTo", "ValidationException", client.call("ImportKeyMaterial", KeyId=key, **pair),
            "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES")
        example = client.call("ImportKeyMaterial", KeyId=key, **pair, ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
        imported(f"{name}: the page's example", arn, example)
        equal(f"{name}: the key goes from PendingImport to Enabled", "Enabled", describe(client, key)["KeyState"])
        life(client, name, key, arn, material)
        for fraction in client.fractions:
            dated(client, name, key, arn, material, f"{soon()}{fraction}")


def exceptions_of_the_page():
    """Those of the table that a caller can bring about; DependencyTimeout and KMSInternal are the service's own."""
    client, never = DotNet(), {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
    (one, arn), (two, _) = create(client, "one key"), create(client, "another")
    material = secrets.token_bytes(32)

    def importing(key, **members):
        return client.call("ImportKeyMaterial", KeyId=key, **{**never, **members})

    pair = wrapped(client, one, material)
    bad("a token of another key", "InvalidImportTokenException", importing(two, **pair))
    bad("a ciphertext under another key", "InvalidCiphertextException",
        importing(one, **{**pair, "EncryptedKeyMaterial": wrapped(client, one, material)["EncryptedKeyMaterial"]}))
    imported("the pair itself", arn, importing(one, **pair))
    bad("other material", "IncorrectKeyMaterialException", importing(one, **wrapped(client, one, secrets.token_bytes(32))))
    bad("an alias for a key", "InvalidArnException", importing("alias/walk", **pair))
    bad("a key that is not there", "NotFoundException", importing("1234abcd-12ab-34cd-56ef-1234567890ab", **pair),
        f"Key 'arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab' does not exist")
    own = client.call("CreateKey").json()["KeyMetadata"]["Arn"]
    bad("AWS's own material", "UnsupportedOperationException", importing(own, **pair),
        f"{own} origin is AWS_KMS which is not valid for this operation.")
    good("a key is scheduled for deletion", client.call("ScheduleKeyDeletion", KeyId=two))
    bad("a key pending deletion", "KMSInvalidStateException", importing(two, **pair))
    turn_clock(86_400)
    bad("a token after a day", "ExpiredImportTokenException", importing(one, **pair))


def power_shell():
    client = PowerShell()
    key, arn = create(client, "Import-KMSKeyMaterial")
    material = secrets.token_bytes(32)
    for number in (f"{soon()}", f"{soon()}.98765", f"{soon()}.9876543"):
        dated(client, "Import-KMSKeyMaterial -ValidTo", key, arn, material, number)
    bad("-ValidTo of the past", "ValidationException",
        client.call("ImportKeyMaterial", KeyId=key, **wrapped(client, key, material), ValidTo=Raw("1632250800")))
    bad("-ValidTo in more than 365 days", "ValidationException", client.call(
        "ImportKeyMaterial", KeyId=key, **wrapped(client, key, material), ValidTo=Raw(str(soon() + 366 * 86_400))))
    bad("-ValidTo with KEY_MATERIAL_DOES_NOT_EXPIRE", "ValidationException", client.call(
        "ImportKeyMaterial", KeyId=key, **wrapped(client, key, material), ValidTo=Raw(str(soon())),
        ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE"))
    life(client, "Import-KMSKeyMaterial", key, arn, material)


def paws():
    number, exponent = round_number()
    for client in (Paws(), PawsOfOld()):
        name = type(client).__name__
        key, arn = create(client, name)
        material = secrets.token_bytes(32)
        first = client.call(
            "ImportKeyMaterial", KeyId=arn, **wrapped(client, arn, material, "RSA_4096"), ValidTo=Raw(exponent),
            ExpirationModel="KEY_MATERIAL_EXPIRES", ImportType="NEW_KEY_MATERIAL", KeyMaterialDescription="of R")
        first = imported(f"{name}: all arguments, ValidTo written {exponent}", arn, first)
        equal(f"{name}: {exponent} reads back", number, describe(client, key).get("ValidTo"))
        for form in (exponent, exponent.replace("e+0", "E"), exponent.replace("e+0", "e"), f"{number}.0", f"{soon()}.12346"):
            dated(client, name, key, arn, material, form)
        second = client.call(
            "ImportKeyMaterial", KeyId=key, **wrapped(client, key, material), ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
            ImportType="EXISTING_KEY_MATERIAL", KeyMaterialId=first["KeyMaterialId"])
        equal(f"{name}: KeyMaterialId names the same material", first, imported(f"{name}: with KeyMaterialId", arn, second))
        bad(f"{name}: KeyMaterialId of other material", "IncorrectKeyMaterialException", client.call(
            "ImportKeyMaterial", KeyId=key, **wrapped(client, key, material), KeyMaterialId="0" * 64,
            ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE"))
        life(client, name, key, arn, material)


def numbers_that_are_none():
    client = DotNet()
    key, _ = create(client, "a key")
    pair = wrapped(client, key, bytes(32))
    for form in ('"2030-01-01T00:00:00Z"', "true", "[]", "1.8e", "0x7"):
        answer = client.call("ImportKeyMaterial", KeyId=key, **pair, ValidTo=Raw(form))
        bad(f"ValidTo written {form} is refused", "SerializationException", answer)
    true("and the key has no material", describe(client, key)["KeyState"] == "PendingImport")


def turn_clock(seconds):
    body = json.dumps({"account": ACCOUNT, "advance_ms": seconds * 1000}).encode()
    wire = Wire()
    wire.socket.sendall(
        f"POST /_kms-conformance/clock HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    equal("a day passes", b"HTTP/1.1 200 OK\r\n", wire.reader.readline())


# The clock only goes forward: what turns it comes last.
walk(dot_net, power_shell, paws, numbers_that_are_none, exceptions_of_the_page)
