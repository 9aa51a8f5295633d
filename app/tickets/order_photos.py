"""Photos and a drawn signature that come with a form of an order: each file with its moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from werkzeug.datastructures import FileStorage

from app.core.actor import Actor
from app.tickets.services import photos

FIELDS: Final = {"before": "before", "photos": "after", "drawn": "signature"}
"""The file fields of `OrderActForm`, and the moment of what they carry."""


def receive(
    files: Sequence[FileStorage], *, actor: Actor, now: datetime, order_id: int, moment: str, field: str = "photos"
) -> None:
    """Take files of one moment in. Raises Rejected, beside `field`, for one that is no photo, too large or too many."""
    for file in files:
        photos.add_to_order(
            actor=actor,
            now=now,
            order_id=order_id,
            moment=moment,
            stream=file.stream,
            name=file.filename or "",
            field=field,
        )


def receive_all(data: Mapping[str, Any], *, actor: Actor, now: datetime, order_id: int) -> None:
    """Take in what every file field of a form carries. Raises as `receive`."""
    for field, moment in FIELDS.items():
        receive(data[field], actor=actor, now=now, order_id=order_id, moment=moment, field=field)
