"""The operations endpoint: says how a process is, and its metrics, on a free port until it is closed."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest
from prometheus_client import CollectorRegistry, Counter

from casebus_producers.operations_endpoint import Health, serve_operations


def read(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def test_it_serves_the_registry_until_closed() -> None:
    registry = CollectorRegistry()
    counter = Counter("casebus_tests_run", "Tests run.", registry=registry)
    with serve_operations(registry, Health(), "127.0.0.1", 0) as endpoint:
        counter.inc()
        assert "casebus_tests_run_total 1.0" in read(endpoint.port, "/metrics")[1]
        port = endpoint.port
    with pytest.raises(urllib.error.URLError):
        read(port, "/metrics")
    serve_operations(registry, Health(), "127.0.0.1", port).close()


def test_a_taken_port_is_an_error() -> None:
    registry = CollectorRegistry()
    with serve_operations(registry, Health(), "127.0.0.1", 0) as endpoint, pytest.raises(OSError, match="in use"):
        serve_operations(registry, Health(), "127.0.0.1", endpoint.port)


def test_readiness_names_what_is_missing_and_liveness_does_not_follow_it() -> None:
    has = {"kafka": False, "views": True}
    health = Health(alive={"loop": lambda: True}, ready={"kafka": lambda: has["kafka"], "views": lambda: has["views"]})
    with serve_operations(CollectorRegistry(), health, "127.0.0.1", 0) as endpoint:
        status, body = read(endpoint.port, "/readyz")
        assert (status, json.loads(body)) == (503, {"kafka": False, "views": True})
        assert read(endpoint.port, "/livez") == (200, '{"loop":true}')
        has["kafka"] = True
        assert read(endpoint.port, "/readyz")[0] == 200


def test_a_process_that_only_a_restart_helps_is_not_alive() -> None:
    health = Health(alive={"loop": lambda: False})
    with serve_operations(CollectorRegistry(), health, "127.0.0.1", 0) as endpoint:
        assert read(endpoint.port, "/livez") == (503, '{"loop":false}')


def test_another_path_leads_to_those_that_are_there() -> None:
    with serve_operations(CollectorRegistry(), Health(), "127.0.0.1", 0) as endpoint:
        status, body = read(endpoint.port, "/healthz")
        assert (status, "/readyz" in body) == (404, True)


def test_it_listens_on_the_newer_protocol_too() -> None:
    with (
        serve_operations(CollectorRegistry(), Health(), "::1", 0) as endpoint,
        urllib.request.urlopen(f"http://[::1]:{endpoint.port}/livez", timeout=10) as response,
    ):
        assert response.status == 200
