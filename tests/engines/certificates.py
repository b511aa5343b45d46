"""Certificates of the test: one that signs, and those of servers, good or not."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

pytest.importorskip("cryptography")

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = timedelta(days=1)


class Signer:
    """Whoever signs certificates of servers. file: its own, in PEM."""

    def __init__(self, folder: Path, name: str = "signer of the test") -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        own = self._sign(self._name, self._key.public_key(), -DAY, DAY, constraints)
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(own.public_bytes(serialization.Encoding.PEM))

    def server(self, host: str = "127.0.0.1", begins: timedelta = -DAY, ends: timedelta = DAY) -> ssl.SSLContext:
        """Return what a server proves itself by. host: an address or a name; begins, ends: from now."""
        try:
            names: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            names = x509.DNSName(host)
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "server")])
        made = self._sign(subject, key.public_key(), begins, ends, x509.SubjectAlternativeName([names]))
        file = self._folder / "server.pem"
        file.write_bytes(
            made.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        begins: timedelta,
        ends: timedelta,
        extension: x509.ExtensionType,
    ) -> x509.Certificate:
        now = datetime.now(timezone.utc)
        builder = x509.CertificateBuilder(
            self._name, subject, key, x509.random_serial_number(), now + begins, now + ends
        )
        of_signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        for more in (extension, x509.SubjectKeyIdentifier.from_public_key(key), of_signer):
            builder = builder.add_extension(more, critical=isinstance(more, x509.BasicConstraints))
        return builder.sign(self._key, hashes.SHA256())
