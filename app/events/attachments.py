"""Events of attachments."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.outbox import Event


@dataclass(frozen=True, slots=True)
class AttachmentReceived(Event):
    """An upload lies in quarantine and waits to be re-encoded."""

    attachment_id: int


@dataclass(frozen=True, slots=True)
class AttachmentSweepDue(Event):
    """Once a day: files without a row, rows without a file."""
