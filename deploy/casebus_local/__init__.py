"""A real local stack without Docker: Kafka (KRaft) and PostgreSQL as child processes.

``with LocalStack() as stack:`` gives running servers; ``stack.environment`` configures casebus processes.

Names are loaded when they are first used: every ``casebus`` command looks into this package for what it contributes.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from casebus_local.broker import Broker, BrokerOptions
    from casebus_local.databases import fresh_database
    from casebus_local.errors import LocalStackError, MissingToolError, ProcessDiedError
    from casebus_local.processes import CasebusProcess
    from casebus_local.stack import LocalStack
    from casebus_local.waiting import wait_until

__all__ = [
    "Broker",
    "BrokerOptions",
    "CasebusProcess",
    "LocalStack",
    "LocalStackError",
    "MissingToolError",
    "ProcessDiedError",
    "fresh_database",
    "wait_until",
]

_HOME_OF = {
    "Broker": "broker",
    "BrokerOptions": "broker",
    "CasebusProcess": "processes",
    "LocalStack": "stack",
    "fresh_database": "databases",
    "wait_until": "waiting",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF.get(name, 'errors')}"), name)
