"""The metrics endpoint: answers on a free port until it is closed."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest
from prometheus_client import CollectorRegistry, Counter

from casebus_producers.metrics_endpoint import serve_metrics


def read(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as response:
        return str(response.read().decode())


def test_it_serves_the_registry_until_closed() -> None:
    registry = CollectorRegistry()
    counter = Counter("casebus_tests_run", "Tests run.", registry=registry)
    with serve_metrics(registry, "127.0.0.1", 0) as endpoint:
        counter.inc()
        assert "casebus_tests_run_total 1.0" in read(endpoint.port)
        port = endpoint.port
    with pytest.raises(urllib.error.URLError):
        read(port)
    serve_metrics(registry, "127.0.0.1", port).close()


def test_a_taken_port_is_an_error() -> None:
    registry = CollectorRegistry()
    with serve_metrics(registry, "127.0.0.1", 0) as endpoint, pytest.raises(OSError, match="in use"):
        serve_metrics(registry, "127.0.0.1", endpoint.port)
