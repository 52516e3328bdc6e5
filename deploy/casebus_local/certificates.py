"""A certificate authority of the local stack's own, and the certificates it signs. Not for production."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from casebus_local.keys import write_secret
from casebus_local.ports import LOOPBACK

_VALID = timedelta(days=365)
_CLOCKS_DIFFER = timedelta(minutes=5)


class CertificateAuthority:
    """A key pair and its certificate in one directory, made by ``create`` and kept: clients trust that certificate."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @property
    def certificate_file(self) -> Path:
        """What a client has to trust (PEM)."""
        return self._directory / "ca.pem"

    @property
    def _key_file(self) -> Path:
        return self._directory / "ca-key.pem"

    def create(self) -> None:
        """Write the files unless they exist; the key is readable by its owner only."""
        self._directory.mkdir(parents=True, exist_ok=True)
        if self.certificate_file.exists():
            return
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("casebus local authority")
        builder = _builder(name, name, key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        builder = builder.add_extension(_key_usage(signs_certificates=True), critical=True)
        write_secret(self._key_file, _pem(key))
        self.certificate_file.write_bytes(builder.sign(key, SHA256()).public_bytes(Encoding.PEM))

    def issue(self, common_name: str, path: Path) -> None:
        """Write a new key and its certificate, for this machine's loopback address, into one PEM file of mode 0600.

        It serves both ends of a connection: a server's name is its address, a client's is ``common_name``.
        """
        authority = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
        signer = load_pem_private_key(self._key_file.read_bytes(), password=None)
        if not isinstance(signer, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{self._key_file}: not a key that this class made")
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(_name(common_name), authority.subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK)), x509.DNSName("localhost")]),
                critical=False,
            )
            .sign(signer, SHA256())
        )
        chain = certificate.public_bytes(Encoding.PEM) + authority.public_bytes(Encoding.PEM)
        write_secret(path, _pem(key) + chain.decode())


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(now + _VALID)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    # PKCS 8: the only form that Kafka reads from a PEM file.
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
