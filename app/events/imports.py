"""What happens to an import batch."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.outbox import Event


@dataclass(frozen=True, slots=True)
class ImportUploaded(Event):
    """A file has arrived, or its reading was chosen anew: look at it."""

    batch_id: int
    version: int


@dataclass(frozen=True, slots=True)
class DryRunOrdered(Event):
    """The columns are settled: plan every row."""

    batch_id: int
    version: int


@dataclass(frozen=True, slots=True)
class ImportOrdered(Event):
    """A plan was approved or ordered: apply it."""

    batch_id: int
    version: int


@dataclass(frozen=True, slots=True)
class UndoOrdered(Event):
    """An applied batch is to be taken back."""

    batch_id: int
    version: int


@dataclass(frozen=True, slots=True)
class ImportSettled(Event):
    """A stage that ran in the background has ended in `state` (planned, waiting, known, applied, undone, failed …).

    `not_undone`: it stays applied, since it could not be taken back.

    Also where somebody, or time, has ended the import (returned, withdrawn), and where a plan that waited for an
    approval got it (applying), or is given up for another one (planning, mapping).
    """

    batch_id: int
    kind: str
    state: str
    uploaded_by: int | None
    version: int = 0
    """Of the batch in this state, which it may come to more than once; 0 in events that were written without it."""
    decided_by: int | None = None
    """Who has approved or ordered it, or sent it back; None also in events that were written without it."""


@dataclass(frozen=True, slots=True)
class ImportsTidied(Event):
    """The periodic clean-up is due: forgotten batches are withdrawn, files no longer needed deleted."""
