"""Wraps key material as the guide says, with the `cryptography` package."""

import secrets

from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import padding

_HASHES = {"SHA_1": hashes.SHA1, "SHA_256": hashes.SHA256}


def wrap(material, public_key, algorithm):
    """The material under the DER public key of GetParametersForImport, by one of its wrapping algorithms."""
    key = serialization.load_der_public_key(public_key)
    digest = next(digest for name, digest in _HASHES.items() if algorithm.endswith(name))
    oaep = padding.OAEP(padding.MGF1(digest()), digest(), None)
    if algorithm.startswith("RSAES_OAEP"):
        return key.encrypt(material, oaep)
    aes = secrets.token_bytes(32)
    return key.encrypt(aes, oaep) + keywrap.aes_key_wrap_with_padding(aes, material)


def pkcs8(private_key):
    return private_key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def spki(private_key):
    return private_key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
