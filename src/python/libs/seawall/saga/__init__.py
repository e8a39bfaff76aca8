"""Sagas: a purchase of several steps, in several services, that is done or undone as a whole."""

from seawall.saga.definition import Definition, State, Step
from seawall.saga.log import Advance, Expired, SagaLog
from seawall.saga.tables import create_saga_tables

__all__ = ["Advance", "Definition", "Expired", "SagaLog", "State", "Step", "create_saga_tables"]
