"""The relay's bell: NOTIFY after a commit, said by a thread and a connection that a process keeps for it.

NOTIFY locks out every other NOTIFY of the database until its transaction ends, so it never stands in a business
transaction, and no answer waits for it. Rings that come while one is under way, or within PAUSE_SECONDS after it,
become one. A ring may be lost (a process that ends, a database that is away): it costs one poll of the relay.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg

from app.core.db import say

CHANNEL = "houqin_outbox"
PAUSE_SECONDS = 0.005  # far below what a person or the hand-off's figure notices; the first ring never waits
MEND_SECONDS = 1.0  # rest after a failure: the relay polls anyway

log = logging.getLogger(__name__)


class Bell:
    """Rings for institutions. The thread begins with the first ring of a process, forked ones included."""

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]]) -> None:
        """`connect` opens a connection in autocommit mode, within a bounded time."""
        self._connect = connect
        self.forget()

    def forget(self) -> None:
        """Be as new: a forked process has neither the thread nor a right to the connection of its parent."""
        self._rung: set[int] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def ring(self, institution_id: int) -> None:
        """Wake the relay for an institution, soon; never waits and never raises."""
        with self._changed:
            self._rung.add(institution_id)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._serve, name="bell", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _serve(self) -> None:
        connection: psycopg.Connection[Any] | None = None
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._rung)
                waiting, self._rung = self._rung, set()
            held = connection
            try:
                connection = connection or self._connect()
                say(connection, "; ".join(f"NOTIFY {CHANNEL}, '{each:d}'" for each in sorted(waiting)))
                time.sleep(PAUSE_SECONDS)
            except psycopg.Error as error:
                log.warning("relay not rung", extra={"error": str(error)})
                if connection is not None:
                    connection.close()
                connection = None
                if held is None:
                    time.sleep(MEND_SECONDS)
                else:  # broken since it was last used: once more, on a new one
                    with self._changed:
                        self._rung |= waiting
