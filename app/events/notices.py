"""What happens to notices of the portal."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.outbox import Event


@dataclass(frozen=True, slots=True)
class NoticePublished(Event):
    """People are to be told of a notice, or told again after a change; due when it begins to be shown."""

    notice_id: int
    version: int


@dataclass(frozen=True, slots=True)
class NoticeOver(Event):
    """Timer: the time of a notice may be over."""

    notice_id: int
