"""A real Prometheus that scrapes what a test runs, every second."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from casebus_local import wait_until
from casebus_local.child_process import ChildProcess
from casebus_local.ports import LOOPBACK, free_port

PROMETHEUS, PROMTOOL = shutil.which("prometheus"), shutil.which("promtool")

needs_prometheus = pytest.mark.skipif(
    PROMETHEUS is None or PROMTOOL is None,
    reason="Prometheus is not installed; on Debian: apt install prometheus",
)


class Prometheus:
    """Answers questions. Series are the API's: ``metric`` (labels) and ``value``."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=10)

    def series(self, expression: str) -> list[dict[str, Any]]:
        """What ``expression`` is now. Raises ``AssertionError`` for one that Prometheus cannot read."""
        answer = self._http.get("/api/v1/query", params={"query": expression}).json()
        assert answer["status"] == "success", f"{expression}: {answer.get('error')}"
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def values(self, expression: str) -> list[str]:
        """The values alone."""
        return [series["value"][1] for series in self.series(expression)]

    def alerts(self) -> list[dict[str, Any]]:
        """Those that fire, with their labels and annotations."""
        answer = self._http.get("/api/v1/alerts").json()
        return [alert for alert in answer["data"]["alerts"] if alert["state"] == "firing"]

    def unhealthy_rules(self) -> list[str]:
        """Rules that could not be evaluated the last time."""
        groups = self._http.get("/api/v1/rules").json()["data"]["groups"]
        return [rule["name"] for group in groups for rule in group["rules"] if rule["health"] != "ok"]

    def is_up(self, jobs: int) -> bool:
        """Whether so many targets were scraped."""
        return len(self.series("up == 1")) == jobs

    def close(self) -> None:
        self._http.close()


@contextmanager
def running_prometheus(directory: Path, rules: Mapping[str, Any], targets: Mapping[str, int]) -> Iterator[Prometheus]:
    """Scrape ``targets`` (job to loopback port) and evaluate ``rules``, every second, until the end."""
    port = free_port()
    (directory / "rules.yaml").write_text(yaml.safe_dump(dict(rules)))
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yaml"],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": [f"{LOOPBACK}:{target}"]}]}
            for job, target in targets.items()
        ],
    }
    (directory / "prometheus.yml").write_text(yaml.safe_dump(config))
    command = [
        str(PROMETHEUS),
        f"--config.file={directory / 'prometheus.yml'}",
        f"--storage.tsdb.path={directory / 'series'}",
        f"--web.listen-address={LOOPBACK}:{port}",
        "--log.level=warn",
    ]
    url = f"http://{LOOPBACK}:{port}"
    log = directory / "prometheus.log"
    with ChildProcess("prometheus", command, log_path=log, environment=dict(os.environ)) as process:
        wait_until(lambda: _is_ready(process, url), timeout_seconds=30, describe="Prometheus is ready")
        prometheus = Prometheus(url)
        try:
            yield prometheus
        finally:
            prometheus.close()
            process.stop(timeout_seconds=10)


def _is_ready(process: ChildProcess, url: str) -> bool:
    process.check()
    try:
        return httpx.get(f"{url}/-/ready", timeout=2).is_success
    except httpx.TransportError:
        return False
