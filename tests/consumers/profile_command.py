"""``casebus run profile`` without the other parts of the command, for tests that run it as a process."""

from __future__ import annotations

import typer

from casebus_consumers.cli import register

if __name__ == "__main__":
    app = typer.Typer()
    register(app)
    app()
