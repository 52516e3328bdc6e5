"""A real local stack without Docker: Kafka (KRaft) and PostgreSQL as child processes.

``with LocalStack() as stack:`` gives running servers; ``stack.environment`` configures casebus processes.
"""

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
