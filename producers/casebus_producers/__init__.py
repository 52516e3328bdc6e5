"""The SDK with which an agency publishes the status of its cases.

    from casebus_producers import AgencySettings, CaseStatusProducer

    with CaseStatusProducer(AgencySettings(), agency="OVO000123") as producer:
        producer.publish(event)

Names are loaded when they are first used: ``casebus --help`` must not wait for models and a Kafka client.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    from casebus_producers.settings import AgencySettings, KafkaSettings, PublishSettings
    from casebus_producers.tally import Refusal

__all__ = [
    "AgencySettings",
    "BackPressureError",
    "BrokerError",
    "BulkSummary",
    "CaseStatusProducer",
    "ClosedError",
    "Delivery",
    "DeliveryError",
    "InputError",
    "KafkaSettings",
    "MappingError",
    "ProducerError",
    "PublishSettings",
    "Refusal",
    "UndeliveredError",
    "WrongAgencyError",
]

_HOMES = {
    "bulk": ["BulkSummary"],
    "delivery": ["Delivery"],
    "producer": ["CaseStatusProducer"],
    "settings": ["AgencySettings", "KafkaSettings", "PublishSettings"],
    "tally": ["Refusal"],
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF.get(name, 'errors')}"), name)
