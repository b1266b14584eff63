"""Signatures of published models: a file beside each, which tells who vouches for it.

``{version}.{name of the key}.sig`` beside the folder of a version, which itself never changes. What is signed is the
reference and the seal of the manifest, and thereby every file.

References
----------
Josefsson and Liusvaara (2017), RFC 8032: Edwards-curve digital signature algorithm. Keys are PEM files, PKCS 8 and
SubjectPublicKeyInfo, as RFC 8410 has them.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ktrdr.adapters.documents.plain_file import read_bytes, refusing
from ktrdr.adapters.files.replacing import replace_file, replacing
from ktrdr.adapters.storage.files import entries, read_file, unavailable
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.plain_json import pretty_json, read_json
from ktrdr.domain.errors import Conflict, CorruptArtifact, InvalidInput, Unavailable, to_install

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNATURE = ".sig"
PUBLIC = ".pub"
_MAX_BYTES = 4096
_WHAT = b"ktrdr model signature 1\n"


def make_key(path: Path) -> Path:
    """Write a new private key, for its owner's eyes only, and beside it the public one, whose place is returned.

    Raises
    ------
    Conflict
        If one of the two files is there already.
    Unavailable
        If the extra ``sign`` is missing, or the folder cannot be written.
    """
    serialization, ed25519, _ = _cryptography()
    key = ed25519.Ed25519PrivateKey.generate()
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    beside = path.with_name(path.name + PUBLIC)
    for file in (path, beside):
        if os.path.lexists(file):
            raise Conflict(f"{file}: is there already, and no key is written over")
    with unavailable("cannot write a key"), replacing(beside, new=True) as shown, replacing(path, new=True) as kept:
        os.fchmod(kept.fileno(), 0o600)
        kept.write(private)
        shown.write(public)
    return beside


def sign(place: Path, manifest: Manifest, key: Path) -> Path:
    """Sign a model that lies at a place with a private key, and return where the signature is.

    Raises
    ------
    NotFound, InvalidInput
        If there is no such key, or it is none.
    Unavailable
        If the extra ``sign`` is missing, or the signature cannot be written.
    """
    private = _private(key)
    public = _raw(private.public_key())
    document = {
        "algorithm": "ed25519",
        "public_key": public.hex(),
        "reference": manifest.key.reference(manifest.version),
        "manifest_sha256": manifest.manifest_sha256,
        "signature": private.sign(_message(manifest)).hex(),
    }
    file = _file(place, _id(public))
    with unavailable(f"cannot sign {place}"):
        replace_file(file, pretty_json(document))
    return file


class PublicKey:
    """Somebody whose signatures are asked for, by the public key.

    Parameters
    ----------
    path : Path

    Attributes
    ----------
    name : str
        The path.
    id : str
        The beginning of the key's SHA-256, by which signatures are named.

    Raises
    ------
    NotFound, InvalidInput
        If there is no such key, or it is none.
    Unavailable
        If the extra ``sign`` is missing.
    """

    def __init__(self, path: Path) -> None:
        self._public = _public(path)
        self.name = str(path)
        self.id = _id(_raw(self._public))

    def problem(self, place: Path, manifest: Manifest) -> str:
        """Return what is wrong with the owner's signature of a model; empty if nothing is.

        Raises
        ------
        Unavailable
            If the signature cannot be read.
        """
        _, _, exceptions = _cryptography()
        file = _file(place, self.id)
        try:
            with unavailable(f"cannot read {file}"):
                document = read_json(read_file(file, _MAX_BYTES), str(file)) if os.path.lexists(file) else None
            if document is None:
                return f"it is not signed by {self.name}: there is no {file.name} beside it"
            self._public.verify(bytes.fromhex(document["signature"]), _message(manifest))
        except CorruptArtifact as error:
            return str(error)
        except (exceptions.InvalidSignature, KeyError, TypeError, ValueError):
            return (
                f"{file.name}: is no signature of this model by {self.name}: the model, or the signature, was changed"
            )
        return ""


def signatures_beside(place: Path) -> tuple[str, ...]:
    """Return the ids of the keys with which the model at a place is said to be signed; nothing is verified.

    Raises
    ------
    Unavailable
        If the folder cannot be read.
    """
    place = _named(place)
    with unavailable(f"cannot read {place.parent}"):
        names = entries(place.parent) if place.parent.is_dir() else []
    found = (re.fullmatch(rf"{re.escape(place.name)}\.([0-9a-f]{{16}}){re.escape(SIGNATURE)}", name) for name in names)
    return tuple(match[1] for match in found if match)


def _message(manifest: Manifest) -> bytes:
    reference = manifest.key.reference(manifest.version)
    return _WHAT + f"{reference}\n{manifest.manifest_sha256}\n".encode()


def _file(place: Path, key: str) -> Path:
    """Return the place of the signature of a model by the key of that id."""
    place = _named(place)
    return place.with_name(f"{place.name}.{key}{SIGNATURE}")


def _named(place: Path) -> Path:
    """Return a path that ends with a name, which ``.`` and ``..`` do not."""
    return place.resolve() if place.name in {"", ".."} else place


def _id(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:16]


def _private(path: Path) -> Ed25519PrivateKey:
    serialization, ed25519, exceptions = _cryptography()
    content = _read_key(path)
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError, exceptions.UnsupportedAlgorithm) as error:
        raise InvalidInput(f"{path}: is no private key in a PEM file without a password") from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise InvalidInput(f"{path}: is a private key, but none of Ed25519")
    found: Ed25519PrivateKey = key
    return found


def _public(path: Path) -> Ed25519PublicKey:
    serialization, ed25519, exceptions = _cryptography()
    content = _read_key(path)
    try:
        key = serialization.load_pem_public_key(content)
    except (ValueError, exceptions.UnsupportedAlgorithm) as error:
        raise InvalidInput(f"{path}: is no public key in a PEM file (models keygen: ...{PUBLIC})") from error
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise InvalidInput(f"{path}: is a public key, but none of Ed25519")
    found: Ed25519PublicKey = key
    return found


def _read_key(path: Path) -> bytes:
    with refusing(path):
        return read_bytes(path, _MAX_BYTES, "a key")


def _raw(key: Ed25519PublicKey) -> bytes:
    serialization, _, _ = _cryptography()
    raw: bytes = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return raw


def _cryptography() -> tuple[Any, Any, Any]:
    try:
        from cryptography import exceptions
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise Unavailable(f"signatures need cryptography, which is not installed; {to_install('sign')}") from error
    return serialization, ed25519, exceptions
