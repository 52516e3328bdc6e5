"""A stage as a service of the Faust application: a thread of its own that moves records with librdkafka.

The thread, because both the client's calls and the fold would hold up the event loop; the service, because the
application's lifecycle, supervision and shutdown then cover it like everything else that runs there.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import ClassVar

import mode
import structlog

from casebus_streams.errors import StopError
from casebus_streams.heartbeat import Heartbeat
from casebus_streams.stage_health import StageHealth

log = structlog.get_logger(__name__)

_JOIN_SECONDS = 20.0
_LOOK_SECONDS = 5.0


class StageService(mode.Service):
    """Runs a stage in a thread; a failure of the thread is a crash of the whole worker.

    Faust makes the instance, so the stage comes with the class: see ``service_of``.
    """

    abstract: ClassVar[bool] = True
    health: ClassVar[StageHealth]
    run_stage: ClassVar[Callable[[Heartbeat], None]]

    def __post_init__(self) -> None:
        """Mode's hook for what a constructor would do."""
        self._must_end = self.health.heartbeat
        self._thread: threading.Thread | None = None

    async def on_start(self) -> None:
        """Start the thread."""
        loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._main, args=(loop,), name=self.health.name, daemon=True)
        self._thread.start()

    async def on_stop(self) -> None:
        """Ask the thread to end after its transaction, and wait for it."""
        self._must_end.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, _JOIN_SECONDS)

    @mode.Service.task
    async def _watch(self) -> None:
        """End the worker when the stage hangs: a supervisor's restart is the only cure, and a silent lag is none."""
        while not self.should_stop:
            self.health.watch()
            await self.sleep(_LOOK_SECONDS)
            if self._thread is not None and self._thread.is_alive():
                silent = self._must_end.silent_seconds
                if silent > self._must_end.LIMIT_SECONDS:
                    log.critical("stage_stuck", stage=self.health.name, seconds=round(silent))
                    await self.crash(StopError(f"the stage {self.health.name} does not come round any more"))

    def _main(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            type(self).run_stage(self._must_end)
        except BaseException as failure:
            log.critical("stage_failed", stage=self.health.name, error=type(failure).__name__, reason=str(failure))
            asyncio.run_coroutine_threadsafe(self.crash(failure), loop)


def service_of(health: StageHealth, run: Callable[[Heartbeat], None]) -> type[StageService]:
    """The service class that runs ``run(must_end)``, to be registered with ``app.service``."""
    return type(
        f"{health.name.capitalize()}Service",
        (StageService,),
        {"health": health, "run_stage": staticmethod(run), "abstract": False, "__module__": __name__},
    )
