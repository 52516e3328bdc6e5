"""What the demo is told when the probe cannot measure."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from casebus_local.demo.ledger import Ledger
from casebus_local.demo.probe import Probe
from casebus_local.demo.publish import Agencies
from casebus_local.keys import LocalKeys
from casebus_local.ports import LOOPBACK, free_port
from casebus_local.tokens import TokenIssuer
from casebus_producers.settings import AgencySettings


@pytest.fixture
def probe(tmp_path: Path) -> Probe:
    """Of a profile service that is not there."""
    keys = LocalKeys(tmp_path)
    keys.create()
    agencies = Agencies(AgencySettings(), [], Ledger())
    return Probe(agencies, "OVO000001", f"http://{LOOPBACK}:{free_port()}", TokenIssuer(keys.signing_key))


def test_a_service_that_is_away_is_named_as_such_and_not_as_a_group_of_errors(probe: Probe) -> None:
    with pytest.raises(httpx.ConnectError):
        probe.once()
    with pytest.raises(httpx.ConnectError), probe:
        pass
