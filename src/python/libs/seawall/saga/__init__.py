"""Sagas: a purchase of several steps, in several services, that is done or undone as a whole."""

from seawall.extras import extra

with extra("saga"):
    from seawall.saga.definition import Definition, Move, State, Status, Step
    from seawall.saga.log import Advance, Expired, SagaLog
    from seawall.saga.statements import started
    from seawall.saga.tables import create_saga_tables

__all__ = [
    "Advance",
    "Definition",
    "Expired",
    "Move",
    "SagaLog",
    "State",
    "Status",
    "Step",
    "create_saga_tables",
    "started",
]
