"""Twelve agencies and the life of their cases, made up: what tests, benchmarks and the demo publish.

``Simulation(events=20_000, seed=7).submissions()`` yields ``Submission`` records. Pure: no clock, no I/O but the
catalogue that ships with the package.
"""

from casebus_local.simulator.catalogue import Service, services
from casebus_local.simulator.faults import DECIDED_BY_TOPIC, EXPECTED_RULE, Fault
from casebus_local.simulator.population import citizen_number
from casebus_local.simulator.simulation import Simulation
from casebus_local.simulator.submission import Submission, What

__all__ = [
    "DECIDED_BY_TOPIC",
    "EXPECTED_RULE",
    "Fault",
    "Service",
    "Simulation",
    "Submission",
    "What",
    "citizen_number",
    "services",
]
