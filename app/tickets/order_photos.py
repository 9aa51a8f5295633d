"""Photos and a drawn signature that come with a form of an order: each file with its moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from werkzeug.datastructures import FileStorage

from app.core import transaction
from app.core.actor import Actor
from app.core.errors import DomainError
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


def keep(sent: Any, *, actor: Actor, now: datetime, order_id: int) -> int:
    """Keep the photos that came with an act which was refused: nobody takes or chooses them twice. Returns how many.

    `sent` are the files of the form by field. What cannot be taken is left out: its own refusal says why.
    """
    kept = 0
    for field, moment in FIELDS.items():
        for file in sent.getlist(field) if sent else ():
            try:
                with transaction.attempt():
                    receive([file], actor=actor, now=now, order_id=order_id, moment=moment, field=field)
            except DomainError:
                continue
            kept += 1
    return kept


def status(refused: int, kept: int) -> int:
    """Of a page that comes back: only what is answered below 400 is committed, and kept photos are to stay."""
    return 200 if kept else refused
