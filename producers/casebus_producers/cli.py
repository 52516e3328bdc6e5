"""The command ``casebus``: an agency's own commands, and those of every other part that is installed.

Nothing heavy is imported before a command runs, so that ``--help`` and completion answer at once.
"""

from __future__ import annotations

import importlib.util
from importlib.metadata import EntryPoint, entry_points

import typer

from casebus_producers.cli_groups import group
from casebus_producers.commands import outbox
from casebus_producers.commands.conformance import conformance
from casebus_producers.commands.outcomes import outcomes
from casebus_producers.commands.publish import publish
from casebus_producers.commands.rejections import rejections
from casebus_producers.commands.validate import validate

COMMANDS = "casebus.commands"
EXIT_CODES = (
    "Exit codes: 0 all went well; 1 something was refused or is invalid; 2 wrong usage, or a file, a setting or "
    "Kafka is missing; 3 events were not delivered."
)


def main() -> None:
    """Run ``casebus`` with the process's arguments; ends the process."""
    build_app()()


def build_app() -> typer.Typer:
    """The whole command line. A part whose extra is not installed is left out; any other failure to load is raised."""
    app = typer.Typer(
        name="casebus",
        help="Publish, process and follow the status of citizens' cases."
        "\n\nSettings come from environment variables: CASEBUS_KAFKA__BOOTSTRAP_SERVERS says where Kafka is.",
        epilog=EXIT_CODES,
        no_args_is_help=True,
        rich_markup_mode=None,  # plain help needs no rendering library: half the time to start
        pretty_exceptions_enable=False,  # its traces print variables, and those may hold citizens' data
    )
    app.callback()(_casebus)
    app.command("publish", epilog=EXIT_CODES)(publish)
    app.command("validate", epilog=EXIT_CODES)(validate)
    app.command("conformance", epilog=EXIT_CODES)(conformance)
    app.command("rejections", epilog=EXIT_CODES)(rejections)
    app.command("outcomes", epilog=EXIT_CODES)(outcomes)
    outboxes = group(app, "outbox", "Events that wait in the agency's own database, written in its transactions.")
    outboxes.command("init")(outbox.init)
    outboxes.command("relay")(outbox.relay)
    outboxes.command("status")(outbox.status)
    for part in sorted(entry_points(group=COMMANDS), key=lambda part: part.name):
        add_part(app, part)
    return app


def add_part(app: typer.Typer, part: EntryPoint) -> None:
    """Let ``part`` register its commands, unless a package that it needs is not installed at all."""
    try:
        register = part.load()
        register(app)
    except ModuleNotFoundError as error:
        if error.name is None or not _is_absent_package(error.name):
            raise


def _casebus() -> None:
    """Holds the options of ``casebus`` itself; without it, a lone command would be taken for the whole program."""


def _is_absent_package(module: str) -> bool:
    """Whether ``module`` belongs to somebody else's package that is not there: an extra that was not installed."""
    package = module.partition(".")[0]
    return not package.startswith("casebus_") and importlib.util.find_spec(package) is None


if __name__ == "__main__":
    main()
