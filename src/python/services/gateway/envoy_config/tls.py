"""TLS of the door: its certificate comes from files, and again whenever their folder changes."""

from dataclasses import dataclass
from pathlib import Path

from services.gateway.envoy_config.resource import Json, file_source, typed

NAME = "edge"


@dataclass(frozen=True)
class Tls:
    """A port for TLS; certificate (with its chain) and key are PEM files of one folder."""

    port: int
    certificate: Path
    key: Path


def certificate_secret(tls: Tls) -> Json:
    """Read anew when something is renamed into the folder, as kubelet does when it replaces a Secret.

    https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/security/secret
    """
    return typed(
        "envoy.extensions.transport_sockets.tls.v3.Secret",
        name=NAME,
        tls_certificate=_files(tls) | {"watched_directory": {"path": str(tls.certificate.absolute().parent)}},
    )


def transport_socket(secret_file: str) -> Json:
    """TLS 1.2 and newer, HTTP/2 for who can, by the secret in the file."""
    config = {"name": NAME, "sds_config": file_source(secret_file)}
    return _socket({"tls_certificate_sds_secret_configs": [config]})


def transport_socket_with_files(tls: Tls) -> Json:
    """The same with the files named inside, as `envoy --mode validate` can judge it."""
    return _socket({"tls_certificates": [_files(tls)]})


def _socket(certificate: Json) -> Json:
    common = {
        "alpn_protocols": ["h2", "http/1.1"],
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
        **certificate,
    }
    context = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": typed(context, common_tls_context=common),
    }


def _files(tls: Tls) -> Json:
    return {
        "certificate_chain": {"filename": str(tls.certificate.absolute())},
        "private_key": {"filename": str(tls.key.absolute())},
    }
