"""Secrets that have to be read again, so that they cannot be hashed: they lie in the database encrypted."""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from formwright.errors import FormwrightError
from formwright.texts import say

_FORM = "v1"
_NONCE = 12


class Unreadable(FormwrightError):
    """A secret that this key does not open: it was encrypted with another, or was changed or moved."""


class Vault:
    """Encrypts with the instance's key for data (AES-256-GCM, a fresh nonce each time)."""

    def __init__(self, key: str) -> None:
        """Derive the key from ``key``, which is long and random."""
        derived = HKDF(SHA256(), 32, salt=None, info=b"formwright secrets").derive(key.encode())
        self._cipher = AESGCM(derived)

    def seal(self, secret: str, about: str) -> str:
        """Return ``secret`` encrypted; ``about`` says whose it is, and has to be said again to read it."""
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, secret.encode(), about.encode())
        return f"{_FORM}.{base64.urlsafe_b64encode(sealed).decode()}"

    def open(self, sealed: str, about: str) -> str:
        """Return the secret; raises Unreadable."""
        form, _, text = sealed.partition(".")
        try:
            content = base64.urlsafe_b64decode(text) if form == _FORM else b""
            return self._cipher.decrypt(content[:_NONCE], content[_NONCE:], about.encode()).decode()
        except (InvalidTag, ValueError):
            raise Unreadable(
                say("a secret in the database cannot be read with this instance's key for data")
            ) from None
