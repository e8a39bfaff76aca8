"""The lab's authority, the certificates that it gives, and a kubeconfig for each who talks to the server."""

import base64
import datetime
import ipaddress
import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tools.devstack.ports import LOOPBACK
from tools.devstack.stack import write_private

LIFETIME = datetime.timedelta(days=7)
ADMINISTRATORS = "system:masters"


@dataclass(frozen=True)
class Pair:
    """Files of a certificate and its key."""

    certificate: Path
    key: Path


class Credentials:
    """Made anew in a folder for each lab; nobody else is let in by them."""

    def __init__(self, folder: Path, server_port: int) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        self.folder = folder
        self._url = f"https://{LOOPBACK}:{server_port}"
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = _name("seawall lab")
        self._authority = (
            _builder(name, name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.authority = folder / "authority.pem"
        self.authority.write_bytes(self._authority.public_bytes(serialization.Encoding.PEM))
        self.service_accounts = self.issue("service-accounts")

    def issue(self, name: str, group: str = "", hosts: tuple[str, ...] = ("localhost",)) -> Pair:
        """A certificate for a user of a group, or for a server on loopback that is called by these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        address = x509.IPAddress(ipaddress.ip_address(LOOPBACK))
        names = x509.SubjectAlternativeName([address, *(x509.DNSName(host) for host in hosts)])
        certificate = (
            _builder(_name(name, group), self._authority.subject, key.public_key())
            .add_extension(names, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        stem = name.replace(":", "-")
        pair = Pair(self.folder / f"{stem}.pem", self.folder / f"{stem}-key.pem")
        pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_private(pair.key, private)
        return pair

    def kubeconfig(self, user: str, group: str = "") -> Path:
        """A file with all that a client needs."""
        pair = self.issue(user, group)
        cluster = {"server": self._url, "certificate-authority-data": _inline(self.authority)}
        credentials = {
            "client-certificate-data": _inline(pair.certificate),
            "client-key-data": _inline(pair.key),
        }
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "lab", "cluster": cluster}],
            "users": [{"name": user, "user": credentials}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": user}}],
            "current-context": "lab",
        }
        file = self.folder / f"{user.replace(':', '-')}.kubeconfig"
        write_private(file, yaml.safe_dump(config).encode())
        return file


def _inline(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


def _name(common: str, organization: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if organization:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + LIFETIME)
    )
