"""How far a stage is, written apart at most twice a second: one row per batch, seen by pages and the API.

Who runs the stages himself, as the command does, hears it as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert

from app.core import clock
from app.core.db import current_institution
from app.core.transaction import apart
from app.imports.models import ImportProgress

EVERY_SECONDS = 0.5
STEP_EVERY_SECONDS = 5.0

Listener = Callable[[str, int, int], None]
"""Is told the stage, how many rows are done, and of how many (0: nobody knows)."""

_listener: ContextVar[Listener | None] = ContextVar("import_progress_listener", default=None)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Meanwhile the listener hears of every report, too."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


class Meter:
    """Reports one stage. `total` may be unknown (0). Calling it also ends the transaction now and then (`step`)."""

    def __init__(self, batch_id: int, stage: str, total: int, step: Callable[[], None] | None = None) -> None:
        self.batch_id, self.stage, self.total = batch_id, stage, total
        self.began = clock.now()
        self._step = step
        self._told = self._stepped = time.monotonic()
        self._write(0)

    def __call__(self, done: int) -> None:
        moment = time.monotonic()
        if moment - self._told >= EVERY_SECONDS:
            self._told = moment
            self._write(done)
        if self._step is not None and moment - self._stepped >= STEP_EVERY_SECONDS:
            self._stepped = moment
            self._step()

    def _write(self, done: int) -> None:
        if (listener := _listener.get()) is not None:
            listener(self.stage, done, self.total)
        at: datetime = clock.now()
        figures = {"stage": self.stage, "done": done, "total": self.total, "began_at": self.began, "at": at}
        with apart() as session:
            session.execute(
                insert(ImportProgress)
                .values(institution_id=current_institution(), batch_id=self.batch_id, **figures)
                .on_conflict_do_update(constraint="uq_import_progress_batch", set_=figures)
            )
