"""How an operator's command ends: one table from errors to exit codes, one line for each."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer
from confluent_kafka import KafkaException
from pydantic import ValidationError

from casebus_producers.errors import ProducerError
from casebus_producers.logs import configure_logging
from casebus_producers.settings import SettingError
from casebus_schemas import UndecodableError
from casebus_schemas.reasons import explain
from casebus_streams.errors import StreamsError

HOLDS: Final = 0
DIFFERS: Final = 1
IMPOSSIBLE: Final = 2


@contextmanager
def operator_command(*, log_level: str = "warning", with_client_log: bool = False) -> Iterator[None]:
    """Logs to standard error, and ends the command with ``IMPOSSIBLE`` and one line when it cannot be done.

    The Kafka client's own log, a line for each try to connect, is for long-running services only.
    """
    configure_logging(log_level)
    if not with_client_log:
        logging.getLogger("librdkafka").setLevel(logging.CRITICAL)
    try:
        yield
    except (StreamsError, ProducerError, SettingError, UndecodableError) as error:
        problems = [str(error)]
    except KafkaException as error:
        problems = [f"Kafka: {error.args[0].name()}"]
    except ValidationError as error:
        problems = [f"setting {reason}" for reason in explain(error)]
    else:
        return
    for problem in problems:
        typer.echo(f"casebus: {problem}", err=True)
    raise typer.Exit(IMPOSSIBLE)
