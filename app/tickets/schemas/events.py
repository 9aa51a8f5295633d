"""The history of a ticket as the API gives it."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from app.core import forms
from app.core.http.dumping import Named


class EventActor(fields.Field[Any]):
    """`{"kind", "id", "name"}`; the system has neither id nor name."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        return _actor(obj.actor_kind, obj.actor_id, obj.actor_name)

    def reader(self, positions: Any) -> Any:
        kind, number, name = (positions[each] for each in ("actor_kind", "actor_id", "actor_name"))
        return lambda columns: [
            _actor(*each) for each in zip(columns[kind], columns[number], columns[name], strict=True)
        ]


def _actor(kind: str, number: int | None, name: str | None) -> dict[str, Any]:
    # a token acts for its person: readers see the person
    return {"kind": "person" if kind == "token" else kind, "id": None if number is None else str(number), "name": name}


class EventPhotos(fields.List[Any]):
    """The ids of the photos that went with a message, as `GET /attachments/{id}` takes them; empty for other events."""

    def __init__(self) -> None:
        super().__init__(fields.String(), attribute="data", dump_only=True)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        return _photos_of(value)

    def reader(self, positions: Any) -> Any:
        at = positions["data"]
        return lambda columns: [_photos_of(each) for each in columns[at]]


def _photos_of(data: Any) -> list[str]:
    return [str(each) for each in (data or {}).get("photos", ())]


class EventCorrected(fields.Boolean):
    """Whether the clock of the sender's device said another time than counts (11)."""

    def __init__(self) -> None:
        super().__init__(attribute="data", dump_only=True)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        return _is_corrected(value)

    def reader(self, positions: Any) -> Any:
        at = positions["data"]
        return lambda columns: [_is_corrected(each) for each in columns[at]]


def _is_corrected(data: Any) -> bool:
    return bool((data or {}).get("corrected"))


class EventOut(forms.Schema):
    """One event meant for the reader; every key is always there. `corrected`: its device's clock was wrong."""

    id = forms.Id()
    at = forms.Moment()
    effective_at = forms.Moment(allow_none=True)
    actor = EventActor(attribute="actor_kind")
    kind = fields.String()
    order_id = forms.Id(allow_none=True)
    order_number = fields.String(allow_none=True)
    from_ = fields.String(data_key="from", attribute="from_state", allow_none=True)
    to = fields.String(attribute="to_state", allow_none=True)
    person = Named("person", allow_none=True)
    reason = fields.String(allow_none=True)
    note = fields.String(allow_none=True)
    photos = EventPhotos()
    corrected = EventCorrected()
    cycle = fields.Integer()


class EventQuery(forms.QuerySchema):
    """Pages of events."""


class EventPage(forms.Schema):
    items = fields.List(fields.Nested(EventOut))
    next = fields.String(allow_none=True)
