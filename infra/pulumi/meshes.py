"""The mesh of a stack, by the switch."""

import pulumi

from components.cert_manager import CertManager
from components.istio_ambient import IstioAmbient
from components.linkerd.linkerd import Linkerd
from components.mesh import Mesh, NoMesh


def chosen_mesh(name: str, cert_manager: CertManager | None, opts: pulumi.ResourceOptions) -> Mesh:
    """The one that `settings.mesh` names; Linkerd has its certificates from cert-manager."""
    if name == "istio":
        return IstioAmbient(opts=opts)
    if name == "linkerd":
        if cert_manager is None:
            raise ValueError("mesh: linkerd has its certificates from cert-manager, and there is none")
        return Linkerd(cert_manager, opts=opts)
    return NoMesh()
