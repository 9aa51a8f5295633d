"""Filing and reading requests through Open311.

Without an api_key only requests in public places are read, without text and photo unless staff published them. Open
is what is not at its end; resolved, closed, rejected, duplicate and withdrawn are closed, with the reason in
`status_notes`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import EXCLUDE, ValidationError

from app.attachments import links
from app.attachments import queries as attachments
from app.core import clock, forms, settings, words
from app.core.errors import NotAllowed, NotFound, Rejected
from app.core.http import anyone, current_actor, locale, policy
from app.core.http.limits import Limit, filings
from app.core.i18n import iso
from app.sites import queries as places
from app.tickets import policies
from app.tickets.open311 import documents
from app.tickets.open311.entry import ENABLED, blueprint, speaks
from app.tickets.queries import open311 as queries
from app.tickets.rules import reasons
from app.tickets.rules.workflow import TICKET_LABELS, TICKET_STAFF_LABELS, TicketAct, TicketStatus
from app.tickets.schemas.answers import Answers
from app.tickets.services import filing

READS_PER_MINUTE = settings.declare(
    "limits.open311_reads_per_minute",
    60,
    kind=int,
    low=1,
    high=10_000,
    words=_l("Readings of Open311 a minute per address, without a token"),
)
_reads = Limit(
    "open311", READS_PER_MINUTE, 60, lambda: None if current_actor().signed_in else f"a{request.remote_addr}"
)
_ATTRIBUTE = re.compile(r"attribute\[(?P<code>[^\[\]]{1,64})\](?P<several>\[\])?")
SPAN = timedelta(days=90)
AT_MOST = 1000
CLOSED = (
    TicketStatus.RESOLVED,
    TicketStatus.CLOSED,
    TicketStatus.REJECTED,
    TicketStatus.DUPLICATE,
    TicketStatus.WITHDRAWN,
)
_CLOSED = tuple(status.value for status in CLOSED)
_OPEN = tuple(status.value for status in TicketStatus if status not in CLOSED)


class NewRequest(forms.Schema):
    """What GeoReport sends; names it has and we have no use for are passed over, as the standard asks."""

    class Meta:
        unknown = EXCLUDE

    service_code = forms.Text(max=60, required=True)
    address_id = forms.Text(max=60, load_default=None)
    address_string = forms.Text(max=200, load_default=None)
    description = forms.Text(max=4000, multiline=True, load_default="")
    first_name = forms.Text(max=60, load_default=None)
    last_name = forms.Text(max=60, load_default=None)
    phone = forms.Text(max=40, load_default=None)


@blueprint.post("/requests.<string:form>")
@filings
@policy(anyone)
@speaks
def file_request(*, form: str) -> Response:
    """File a request; the api_key says for whom"""
    actor = current_actor()
    if not actor.signed_in or not policies.may_file(actor):
        raise NotAllowed(_l("Send an api_key that may report repairs."))
    sent = _load()
    now = clock.now()
    place = None if sent["address_id"] is None else places.by_codes([sent["address_id"]]).get(sent["address_id"])
    if sent["address_id"] is not None and place is None:
        raise Rejected(fields={"address_id": _l("There is no place with this code.")})
    if place is None and sent["address_string"] is None:
        raise Rejected(fields={"address_id": _l("Say where: address_id with the code of a place, or address_string.")})
    name = " ".join(part for part in (sent["first_name"], sent["last_name"]) if part)
    filed = filing.file_ticket(
        actor=actor,
        now=now,
        category=sent["service_code"],
        description=sent["description"],
        place_id=place.id if place else None,
        place_text=None if place else sent["address_string"],
        contact_name=name or None,
        contact_phone=sent["phone"],
        origin="api",
        answers=_answers(),
        photos_possible=False,
    )
    done = {"service_request_id": filed.number, "service_notice": "", "account_id": ""}
    return documents.answer(form, "service_requests", [done], 201)


def _load() -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = NewRequest().load({**request.args.to_dict(), **request.form.to_dict()})
    except ValidationError as error:
        raise Rejected(fields=forms.flatten(error.messages)) from error
    return loaded


def _answers() -> dict[str, Any]:
    """The answers to the service's attributes: `attribute[code]`, several as `attribute[code][]` (GeoReport v2)."""
    found: dict[str, Any] = {}
    for name in request.form:
        told = _ATTRIBUTE.fullmatch(name)
        if told is not None:
            said = request.form.getlist(name)
            found[told["code"]] = said if told["several"] or len(said) > 1 else said[0]
    try:
        answers: dict[str, Any] = Answers().deserialize(found)
    except ValidationError as error:
        raise Rejected(fields=forms.flatten({"attribute": error.messages})) from error
    return answers


@blueprint.get("/requests.<string:form>")
@_reads
@policy(anyone)
@speaks
def list_requests(*, form: str) -> Response:
    """The newest 1,000 of 90 days, or of the given days; or those of the given numbers"""
    _readable()
    args = request.args
    numbers = _listed(args.get("service_request_id"))
    since, until = _moment("start_date"), _moment("end_date")
    if not numbers:
        until = until or clock.now()
        since = since or until - SPAN
        if until - since > SPAN:
            raise Rejected(fields={"start_date": _l("At most 90 days at a time.")})
    rows = queries.requests(
        current_actor(),
        queries.Asked(
            numbers=numbers,
            services=_listed(args.get("service_code")),
            statuses=_statuses(args.get("status")),
            since=since,
            until=until,
            limit=AT_MOST,
        ),
    )
    return documents.answer(form, "service_requests", _shown(rows))


@blueprint.get("/requests/<string:number>.<string:form>")
@_reads
@policy(anyone)
@speaks
def show_request(*, form: str, number: str) -> Response:
    """One request by its number"""
    _readable()
    rows = queries.requests(current_actor(), queries.Asked(numbers=(number,), limit=1))
    if not rows:
        raise NotFound(_l("There is no request with this number, or it is not public."))
    return documents.answer(form, "service_requests", _shown(rows))


@blueprint.get("/tokens/<string:token>.<string:form>")
@_reads
@policy(anyone)
@speaks
def request_of_token(*, form: str, token: str) -> Response:
    """Numbers are given at once here, so a token is the number itself"""
    _readable()
    rows = queries.requests(current_actor(), queries.Asked(numbers=(token,), limit=1))
    if not rows:
        raise NotFound(_l("There is no request with this number, or it is not public."))
    return documents.answer(form, "service_requests", [{"service_request_id": token, "token": token}])


def _readable() -> None:
    if not settings.get(ENABLED) and not current_actor().signed_in:
        raise NotAllowed


def _listed(given: str | None) -> tuple[str, ...]:
    found = tuple(part.strip() for part in (given or "").split(",") if part.strip())
    if len(found) > 100 or any("\x00" in part for part in found):
        raise Rejected(_l("At most 100 values can be named at a time."))
    return found


def _statuses(given: str | None) -> tuple[str, ...]:
    wanted = _listed(given)
    if set(wanted) - {"open", "closed"}:
        raise Rejected(fields={"status": _l("The status is open or closed.")})
    return () if not wanted else (*(_OPEN if "open" in wanted else ()), *(_CLOSED if "closed" in wanted else ()))


def _moment(name: str) -> datetime | None:
    given = request.args.get(name)
    if not given:
        return None
    try:
        found = datetime.fromisoformat(given)
        return forms.within_reach(found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        raise Rejected(fields={name: _l("This is not a moment such as 2026-11-28T09:00:00Z.")}) from error


def _shown(rows: Sequence[Any]) -> list[dict[str, Any]]:
    language, now = locale(), clock.now()
    full = queries.own(current_actor(), [row.id for row in rows])
    told = [row.id for row in rows if row.id in full or (row.published and row.public)]
    photos = attachments.of_many("ticket", told)
    return [
        {
            "service_request_id": row.number,
            "status": "closed" if row.status in _CLOSED else "open",
            "status_notes": _notes(row),
            "service_name": words.text(row.service_name, language),
            "service_code": row.service_code,
            "description": row.description if row.id in photos or row.id in told else None,
            "agency_responsible": None,
            "service_notice": None,
            "requested_datetime": iso(row.filed_at),
            "updated_datetime": iso(row.changed_at),
            "expected_datetime": iso(row.promised_at),
            "address": row.place or (row.place_text if row.id in full else None),
            "address_id": row.place_code,
            "zipcode": None,
            "lat": None,
            "long": None,
            "media_url": _photo(photos.get(row.id, ()), now),
        }
        for row in rows
    ]


def _photo(of: Sequence[Any], now: datetime) -> str | None:
    ready = next((each for each in of if each.state == "ready"), None)
    if ready is None:
        return None
    return url_for("attachments.file", token=links.token(ready.id, "full", now), _external=True)


def _notes(row: Any) -> str:
    """The state in words, with the listed reason of an end; somebody's own sentence is not told, and nobody who reads
    here is asked to confirm a repair."""
    said_of = TICKET_STAFF_LABELS if row.status == TicketStatus.RESOLVED else TICKET_LABELS
    state = _(said_of[TicketStatus(row.status)])
    if row.status not in (TicketStatus.REJECTED, TicketStatus.DUPLICATE) or not row.reason:
        return str(state)
    labels = {each.code: each.label for act in TicketAct for each in reasons.reasons(act).items}
    said = labels.get(row.reason)
    return f"{state}: {_(said)}" if said else str(state)
