"""What the page of the log may be asked."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time, timedelta
from typing import Any

from marshmallow import fields

from app.audit.queries import Filters, Meant
from app.core import i18n
from app.core.forms import Day, Id, QuerySchema, Text


class AuditQuery(QuerySchema):
    """Filters; days are local, `until` is the last day.

    `object` is a number as people know it, `object_id` the id of one thing, as the links of the page have it.
    """

    actor = Text(max=100, load_default="")
    verb = Text(max=60, load_default=None)
    object_kind = Text(max=60, load_default=None)
    object = Text(max=100, load_default="")
    object_id = Id(load_default=None)
    since = Day(load_default=None)
    until = Day(load_default=None)
    refused = fields.Boolean(load_default=False)


def filters(asked: dict[str, Any], meant: Meant | None, actors: Collection[int]) -> Filters:
    """The filters as instants; `meant`, `actors`: the things and people meant by the numbers that are asked for."""
    return Filters(
        actor=asked["actor"],
        actors=actors,
        verb=asked["verb"],
        object_kind=asked["object_kind"],
        object_id=asked["object_id"],
        meant=meant,
        since=_midnight(asked["since"]),
        until=_midnight(asked["until"], days=1),
        refused=asked["refused"],
    )


def _midnight(day: Any, days: int = 0) -> datetime | None:
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=days), time.min, tzinfo=i18n.zone())
