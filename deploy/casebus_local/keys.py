"""The secrets of a local stack: the pepper, and the key pair of its make-believe identity provider."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from joserfc.jwk import KeyParameters, KeySet, RSAKey

SIGNING_ALGORITHM = "RS256"
"""What ACM/IDM Vlaanderen, the real provider, signs with."""

RSA_BITS = 2048
PEPPER_BYTES = 32


class LocalKeys:
    """Key files in one directory, made by ``create`` and kept: data written under a pepper needs that pepper."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @property
    def pepper_file(self) -> Path:
        """64 hexadecimal digits."""
        return self._directory / "pepper"

    @property
    def jwks_file(self) -> Path:
        """The public signing key as a JSON Web Key Set."""
        return self._directory / "jwks.json"

    @property
    def signing_key(self) -> RSAKey:
        """The private signing key, with its ``kid``."""
        return RSAKey.import_key(json.loads(self._signing_key_file.read_text()))

    @property
    def _signing_key_file(self) -> Path:
        return self._directory / "signing-key.json"

    def create(self) -> None:
        """Write the files that do not exist yet, secret ones readable by the owner only."""
        self._directory.mkdir(parents=True, exist_ok=True)
        if not self.pepper_file.exists():
            write_secret(self.pepper_file, secrets.token_hex(PEPPER_BYTES))
        if not self.jwks_file.exists():
            parameters: KeyParameters = {"kid": secrets.token_hex(8), "use": "sig", "alg": SIGNING_ALGORITHM}
            key = RSAKey.generate_key(RSA_BITS, parameters)
            write_secret(self._signing_key_file, json.dumps(key.as_dict(private=True)))
            self.jwks_file.write_text(json.dumps(KeySet([key]).as_dict(private=False)))


def write_secret(path: Path, content: str) -> None:
    """Write a file that only its owner may read, from its first byte on."""
    path.touch(mode=0o600)
    path.write_text(content)
