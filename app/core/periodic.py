"""Periodic jobs are rows, unique per job and period, so that any number of runners is safe (architecture.md rule 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import current_app

from app.core import outbox
from app.core.outbox import Event


@dataclass(frozen=True, slots=True)
class Periodic:
    """One periodic job: the event to publish, every how many seconds, aligned to the epoch (UTC)."""

    name: str
    every_seconds: int
    event: type[Event]


def begin_due(now: datetime) -> int:
    """Publish the event of each job whose present period has not begun yet; returns how many began.

    A job that was missed while nothing ran begins once, for the present period: each finds its own backlog.
    """
    table: Mapping[str, Periodic] = current_app.extensions["houqin_periodic"]
    begun = 0
    for job in table.values():
        period = period_start(job.every_seconds, now)
        begun += outbox.publish(job.event(), key=f"periodic:{job.name}:{period:%Y%m%dT%H%M%S}")
    return begun


def period_start(every_seconds: int, now: datetime) -> datetime:
    """Beginning of the period that holds `now`."""
    return datetime.fromtimestamp(now.timestamp() // every_seconds * every_seconds, UTC)
