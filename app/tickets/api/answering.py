"""The blueprint of the API of tickets, and one ticket or order as each of its modules answers it."""

from __future__ import annotations

import dataclasses
from typing import Any

from flask import Response
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage

from app.core import clock
from app.core.errors import NotFound, Rejected
from app.core.http import ApiBlueprint, current_actor
from app.core.http.api import json_answer
from app.core.http.dumping import compiled
from app.core.http.preconditions import etag
from app.core.i18n import iso
from app.tickets import answer_words, policies
from app.tickets.queries import answerable, followed, orders, progress, tickets
from app.tickets.rules import demands
from app.tickets.schemas import orders as order_schemas
from app.tickets.schemas import tickets as ticket_schemas
from app.tickets.services import evidence, urging
from app.tickets.services.done import TicketDone

blueprint = ApiBlueprint("tickets", "app.tickets.api", description="Tickets, work orders and their dispatch")

dump_tickets = compiled(ticket_schemas.TicketOut(), tickets.NAMES)
dump_orders = compiled(order_schemas.OrderOut(), orders.NAMES)


LINKS = ("recurs_of", "duplicate_of", "split_from")
"""The other requests a request names; each is read by whoever may read that one."""


def ticket(ticket_id: int, status: int = 200) -> Response:
    """One ticket the reader may see, with its version; whoever follows it gets the reduced one. Raises NotFound."""
    try:
        row = tickets.one(current_actor(), ticket_id)
    except NotFound:
        return reduced(followed.one(current_actor(), ticket_id), status)
    answers = [dataclasses.asdict(each) for each in answer_words.lines(row.asked, row.answers)]
    window = None if row.visit_from is None else {"from": iso(row.visit_from), "to": iso(row.visit_to)}
    actor = current_actor()
    mine = (row.reporter_id is not None and row.reporter_id == actor.id) or policies.is_contact(actor, row)
    first = iso(urging.allowed_from(row)) if mine else None
    shown = {**dump_tickets([row])[0], "answers": answers, "visit_window": window, "urge_from": first}
    shown["third_party"] = row.third_party
    shown["completion_codes"] = _codes(row) if mine else []
    for name in LINKS:
        shown[name] = _id(getattr(row, f"{name}_id"))
    return json_answer(shown, status, {"ETag": etag(row.version)})


def _codes(row: Any) -> list[dict[str, str]]:
    """The reporter's codes for the end of the work; who sees them is the caller's to know."""
    found = progress.orders_of([row.id]).get(row.id, []) if "code" in demands.demanded(row.demands) else []
    return [
        {"order_id": str(order.id), "order_number": order.number, "code": code}
        for order, code in evidence.codes_to_tell(row.demands, found)
    ]


def reduced(row: Any, status: int = 200) -> Response:
    """A ticket as whoever follows it sees it: what is not his to see is empty."""
    return json_answer(
        {
            **dump_tickets([row])[0],
            "answers": [],
            "visit_window": None,
            "urge_from": None,
            "third_party": False,
            **dict.fromkeys(LINKS),
            "completion_codes": [],
        },
        status,
        {"ETag": etag(row.version)},
    )


def left(done: TicketDone) -> Response:
    """A ticket after its reporter has left it: he may see it no more."""
    shown = {"id": str(done.id), "number": done.number, "status": done.status, "version": done.version}
    return json_answer({**shown, "priority": None, "promised_at": None}, 200, {"ETag": etag(done.version)})


def order(order_id: int, status: int = 200, **more: Any) -> Response:
    """One order the reader may see, with its version. Raises NotFound."""
    row = orders.one(current_actor(), order_id)
    shown = {
        **dump_orders([row])[0],
        "after_id": _id(row.after_id),
        "proposed_by": _id(row.proposed_by),
        "help_asked_at": iso(row.help_asked_at),
        "parts": (row.hold_data or {}).get("parts", []),
        "responsible": [{"id": str(each.id), "name": each.name} for each in answerable.people(row, clock.now())],
    }
    return json_answer({**shown, **more}, status, {"ETag": etag(row.version)})


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)


def files_of(sent: dict[str, Any]) -> list[tuple[str, Any]]:
    """The parts of a multipart body that are files. Raises Rejected where there is none."""
    found = [
        (name, each)
        for name, given in sent.items()
        for each in (given if isinstance(given, list) else [given])
        if isinstance(each, FileStorage)
    ]
    if not found:
        raise Rejected(fields={"photos": _l("Send the photo as the part “photo” of a multipart body.")})
    return found
