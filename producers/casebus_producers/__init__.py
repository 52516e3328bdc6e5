"""The SDK with which an agency publishes the status of its cases.

    from casebus_producers import AgencySettings, Case, CaseStatusProducer

    case = Case(agency="OVO000123", case_id="2026-000124", title="Renovatiepremie", citizen=number)
    with CaseStatusProducer(AgencySettings(), agency=case.agency) as producer:
        producer.publish(case.received(sequence=1))

Names are loaded when they are first used: ``casebus --help`` must not wait for models and a Kafka client.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from casebus_producers.async_delivery import AsyncDelivery
    from casebus_producers.async_producer import AsyncCaseStatusProducer
    from casebus_producers.builders import Case
    from casebus_producers.bulk import BulkSummary
    from casebus_producers.delivery import Delivery
    from casebus_producers.errors import (
        BackPressureError,
        BrokerError,
        ClosedError,
        DeliveryError,
        InputError,
        MappingError,
        ProducerError,
        UndeliveredError,
        WrongAgencyError,
    )
    from casebus_producers.producer import CaseStatusProducer
    from casebus_producers.producer_metrics import ProducerMetrics
    from casebus_producers.sequence import sequence_after, sequence_of, sequences_of
    from casebus_producers.settings import AgencySettings, KafkaSettings, PublishSettings
    from casebus_producers.tally import Refusal

__all__ = [
    "AgencySettings",
    "AsyncCaseStatusProducer",
    "AsyncDelivery",
    "BackPressureError",
    "BrokerError",
    "BulkSummary",
    "Case",
    "CaseStatusProducer",
    "ClosedError",
    "Delivery",
    "DeliveryError",
    "InputError",
    "KafkaSettings",
    "MappingError",
    "ProducerError",
    "ProducerMetrics",
    "PublishSettings",
    "Refusal",
    "UndeliveredError",
    "WrongAgencyError",
    "sequence_after",
    "sequence_of",
    "sequences_of",
]

_HOMES = {
    "async_delivery": ["AsyncDelivery"],
    "async_producer": ["AsyncCaseStatusProducer"],
    "builders": ["Case"],
    "bulk": ["BulkSummary"],
    "delivery": ["Delivery"],
    "producer": ["CaseStatusProducer"],
    "producer_metrics": ["ProducerMetrics"],
    "sequence": ["sequence_after", "sequence_of", "sequences_of"],
    "settings": ["AgencySettings", "KafkaSettings", "PublishSettings"],
    "tally": ["Refusal"],
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF.get(name, 'errors')}"), name)
