"""gRPC between services: a server with health and graceful stop, and a balanced client channel."""

from seawall.extras import extra

with extra("grpc"):
    from seawall.rpc.client import connect
    from seawall.rpc.server import serve_grpc

__all__ = ["connect", "serve_grpc"]
