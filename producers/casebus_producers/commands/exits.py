"""How a command ends: one table from errors to exit codes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer
from pydantic import ValidationError

from casebus_producers.errors import (
    BackPressureError,
    BrokerError,
    DeliveryError,
    InputError,
    MappingError,
    ProducerError,
    UndeliveredError,
)
from casebus_producers.feedback.errors import OutdatedReaderError
from casebus_producers.settings import SettingError
from casebus_schemas.reasons import explain


class Exit(IntEnum):
    """What a program that calls ``casebus`` can rely on."""

    OK = 0
    REFUSED = 1
    PREREQUISITE = 2
    UNDELIVERED = 3


_CODES: dict[type[ProducerError], Exit] = {
    InputError: Exit.PREREQUISITE,
    MappingError: Exit.PREREQUISITE,
    BrokerError: Exit.PREREQUISITE,
    OutdatedReaderError: Exit.PREREQUISITE,
    BackPressureError: Exit.UNDELIVERED,
    UndeliveredError: Exit.UNDELIVERED,
    DeliveryError: Exit.UNDELIVERED,
}


def exit_code_of(error: ProducerError) -> Exit:
    """The exit code that ``error`` stands for."""
    return _CODES.get(type(error), Exit.REFUSED)


@contextmanager
def errors_end_the_command() -> Iterator[None]:
    """Print what went wrong as one line and end with its exit code; what is not foreseen is raised as it is."""
    try:
        yield
    except ProducerError as error:
        typer.echo(f"casebus: {error}", err=True)
        raise typer.Exit(exit_code_of(error)) from None
    except ValidationError as error:
        for reason in explain(error):
            typer.echo(f"casebus: setting {reason}", err=True)
        raise typer.Exit(Exit.PREREQUISITE) from None
    except SettingError as error:
        typer.echo(f"casebus: {error}", err=True)
        raise typer.Exit(Exit.PREREQUISITE) from None
