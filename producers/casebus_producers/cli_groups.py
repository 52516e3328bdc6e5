"""Groups of commands (``casebus run …``) that several parts fill."""

from __future__ import annotations

import typer


def group(app: typer.Typer, name: str, help: str) -> typer.Typer:
    """The group ``name`` of ``app``, made on first use: whichever part comes first gives it its ``help``."""
    for known in app.registered_groups:
        if known.name == name and known.typer_instance is not None:
            return known.typer_instance
    made = typer.Typer(help=help, no_args_is_help=True, rich_markup_mode=None)
    made.callback()(_group)
    app.add_typer(made, name=name)
    return made


def _group() -> None:
    """Keeps a group with one command a group."""
