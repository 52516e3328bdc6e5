"""Kafka's requests about client quotas (KIP-546), which neither Python client has: names and types of the protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiokafka.protocol.api import Request, RequestStruct, Response  # type: ignore[import-untyped]  # it ships no types
from aiokafka.protocol.types import (  # type: ignore[import-untyped]  # it ships no types
    Array,
    Boolean,
    Float64,
    Int8,
    Int16,
    Int32,
    Schema,
    String,
)

_TEXT = String("utf-8")
_ENTITY = ("entity", Array(("type", _TEXT), ("name", _TEXT)))
_DESCRIBE, _ALTER = 48, 49
_ANY_OF_TYPE = 2


class DescribeQuotasResponse(Response):  # type: ignore[misc]  # a class without types
    """The quotas that match."""

    API_KEY = _DESCRIBE
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("error_message", _TEXT),
        ("entries", Array(_ENTITY, ("values", Array(("key", _TEXT), ("value", Float64))))),
    )


class _DescribeQuotasStruct(RequestStruct):  # type: ignore[misc]  # a class without types
    API_KEY = _DESCRIBE
    API_VERSION = 0
    RESPONSE_TYPE = DescribeQuotasResponse
    SCHEMA = Schema(
        ("components", Array(("entity_type", _TEXT), ("match_type", Int8), ("match", _TEXT))),
        ("strict", Boolean),
    )


class DescribeUserQuotas(Request[_DescribeQuotasStruct]):  # type: ignore[misc]  # a class without types
    """Asks for the quotas of all users that have one, whatever client they use."""

    API_KEY = _DESCRIBE

    def build(self, request_struct_class: Any) -> Any:
        """What is sent."""
        return request_struct_class([("user", _ANY_OF_TYPE, None)], True)


class AlterQuotasResponse(Response):  # type: ignore[misc]  # a class without types
    """An answer for each user."""

    API_KEY = _ALTER
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("entries", Array(("error_code", Int16), ("error_message", _TEXT), _ENTITY)),
    )


class _AlterQuotasStruct(RequestStruct):  # type: ignore[misc]  # a class without types
    API_KEY = _ALTER
    API_VERSION = 0
    RESPONSE_TYPE = AlterQuotasResponse
    SCHEMA = Schema(
        (
            "entries",
            Array(_ENTITY, ("ops", Array(("key", _TEXT), ("value", Float64), ("remove", Boolean)))),
        ),
        ("validate_only", Boolean),
    )


class AlterUserQuota(Request[_AlterQuotasStruct]):  # type: ignore[misc]  # a class without types
    """Sets these limits of one user; others that it has stay."""

    API_KEY = _ALTER

    def __init__(self, user: str, limits: Mapping[str, float]) -> None:
        self._user = user
        self._limits = limits

    def build(self, request_struct_class: Any) -> Any:
        """What is sent."""
        changes = [(name, value, False) for name, value in self._limits.items()]
        return request_struct_class([([("user", self._user)], changes)], False)
