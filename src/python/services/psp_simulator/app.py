"""Composition root of the simulator."""

from aiohttp import web

from seawall.web import web_service
from services.psp_simulator.behaviour import Director
from services.psp_simulator.charges import ChargeBook
from services.psp_simulator.http_api import CHARGES, DIRECTOR, routes
from services.psp_simulator.settings import Settings


def build(settings: Settings) -> web.Application:
    """Returns a provider without charges that behaves as `Behaviour()` says."""
    app = web_service(settings, name="psp_simulator", routes=routes(), sheds=False)
    app[CHARGES] = ChargeBook()
    app[DIRECTOR] = Director()
    return app
