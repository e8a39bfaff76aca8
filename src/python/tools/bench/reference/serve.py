"""Runs one of the reference's services: `python -m tools.bench.reference.serve orders`."""

import asyncio
import sys
from types import ModuleType

import uvicorn

from tools.bench.reference import inventory, orders, payments
from tools.bench.reference.service import create_tables
from tools.bench.reference.settings import Settings

SERVICES: dict[str, ModuleType] = {"orders": orders, "inventory": inventory, "payments": payments}


def main(name: str) -> None:
    """Makes the tables, then serves with as many processes as its settings say."""
    settings = Settings()
    module = SERVICES[name]
    asyncio.run(create_tables(settings, module.METADATA))
    uvicorn.run(
        f"{module.__name__}:build",
        factory=True,
        host="127.0.0.1",
        port=settings.port,
        workers=settings.workers,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main(sys.argv[1])
