"""What is handed in with `start` and `done`, set against what the ticket's category demands (tickets-rules 2).

`rules.evidence` decides; here its facts are gathered: the sticker's place, photos kept, the reporter's code, the points
ticked off. What was shown stays with the event.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.accounts.models import Person
from app.attachments import queries as attachments
from app.audit import labels
from app.audit import services as audit
from app.core.actor import Actor
from app.core.db import current_institution, db, not_over
from app.core.keyed import keyed_hashes
from app.core.transaction import apart
from app.sites import queries as places
from app.tickets.models import CategoryVersion
from app.tickets.rules import demands as demand_rules
from app.tickets.rules import evidence as rules
from app.tickets.rules.evidence import Evidence, Scan
from app.tickets.rules.needs import Part
from app.tickets.rules.order_table import OrderAct
from app.tickets.rules.reasons import HOLD_NEEDS_CARD, read_reason
from app.tickets.rules.states import ORDER_HELD
from app.tickets.rules.visits import Window
from app.tickets.services import windows
from app.tickets.services.case import Case
from app.tickets.services.held import HeldOrder

labels.declare(verbs={"order.code": _l("Entered the reporter’s code")})

ORDER: Final = "work_order"
_CODES: Final = 10_000
_SHOW: Final = frozenset({OrderAct.START, OrderAct.DONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What somebody hands in: a sticker's secret, address or printed code, codes of points, the reporter's code, a
    name signed.

    Of a hold because nobody was in: whether a card was left, and the windows proposed for another visit. Of any hold:
    the parts that are missing.
    """

    place_token: str | None = None
    ticked: tuple[str, ...] = ()
    code: str | None = None
    signed_by: str | None = None
    card_left: bool = False
    windows: tuple[Window, ...] = ()
    parts: tuple[Part, ...] = ()


NOTHING: Final = Handed()


@dataclass(frozen=True, slots=True)
class Judged:
    """For the guards (`facts`), and what stays with the event (`data`)."""

    facts: dict[str, Any]
    data: dict[str, Any]


def judge(case: Case, order: HeldOrder, act: OrderAct, handed: Handed, reason: str | None) -> Judged:
    """What of the demands binds and is met, where the act is one that shows anything."""
    if act is OrderAct.HOLD:
        return _left_behind(case, handed, reason)
    if act not in _SHOW:
        return Judged({}, {})
    made = demands_of(case.ticket.category_version_id)
    shown, data = _scanned(case, handed) if act is OrderAct.START else _shown(case, order, made, handed)
    starts = act is OrderAct.START
    binding = rules.binding(
        made,
        has_sticker=starts and "scan" in demand_rules.demanded(made) and _has_sticker(case),
        has_reader="code" in demand_rules.demanded(made) and has_reader(case.ticket.reporter_id, case.now),
        scan=shown.scan,
        explained=read_reason(act, reason) is not None,
    )
    wanted = _path(case.ticket.place_id) if shown.scan is Scan.ELSEWHERE else ""
    facts = {"demanded": binding, "given": rules.met(made, shown), "lacks": rules.lacks(made, shown, wanted)}
    if shown.code_right is False:
        _note_wrong_code(case, order)
    return Judged(facts, data)


def _left_behind(case: Case, handed: Handed, reason: str | None) -> Judged:
    """What is missing; a card and proposals, where the hold is for somebody who was not in."""
    data: dict[str, Any] = {}
    if handed.parts:
        data["parts"] = [part._asdict() for part in handed.parts]
    if read_reason(OrderAct.HOLD, reason) not in HOLD_NEEDS_CARD:
        return Judged({}, data)
    offered = windows.proposed(case, handed.windows)
    if offered:
        data["windows"] = offered
    if handed.card_left:
        data["card"] = True
    return Judged({"card_left": handed.card_left, "window_proposed": bool(offered)}, data)


def demands_of(version_id: int | None) -> Mapping[str, Any]:
    """What the version of a category demands; nothing where a ticket has none."""
    if version_id is None:
        return {}
    return db.session.scalar(select(CategoryVersion.demands).where(CategoryVersion.id == version_id)) or {}


def code_of(order_id: int, cycle: int) -> str:
    """The four digits the reporter reads and the technician asks him for: derived, stored nowhere."""
    return _codes(order_id, cycle)[0]


def codes_to_tell(demands: Mapping[str, Any] | None, orders: Iterable[Any]) -> list[tuple[Any, str]]:
    """What the reporter reads: each order somebody holds with its code; empty where the category asks for none."""
    if "code" not in demand_rules.demanded(demands):
        return []
    return [(each, code_of(each.id, each.cycle)) for each in orders if each.state in ORDER_HELD]


def secret_of(scanned: str) -> str:
    """The secret of a sticker, given by itself or as the address its code holds."""
    return scanned.strip().rstrip("/").rsplit("/", 1)[-1].split("?", 1)[0]


def has_reader(reporter_id: int | None, now: datetime) -> bool:
    """Whether somebody can read the code: the reporter has an account that has not ended."""
    ends = not_over(Person, places.today(now))
    found = select(Person.id).where(Person.id == reporter_id, Person.disabled_at.is_(None), ends)
    return db.session.scalar(found) is not None


def _codes(order_id: int, cycle: int) -> tuple[str, ...]:
    hashes = keyed_hashes("tickets.order-code", f"{current_institution()}:{order_id}:{cycle}")
    return tuple(f"{int(each, 16) % _CODES:04d}" for each in hashes)


def _code_right(order: HeldOrder, given: str | None) -> bool | None:
    digits = "".join(char for char in given or "" if not char.isspace())
    if not digits:
        return None
    return any(hmac.compare_digest(digits.encode(), code.encode()) for code in _codes(order.id, order.cycle))


def _note_wrong_code(case: Case, order: HeldOrder) -> None:
    """A wrong guess outlives the refusal it leads to."""
    with apart() as session:
        actor: Actor = case.actor
        audit.record(actor, "order.code", "work_order", order.id, now=case.now, success=False, session=session)


def _shown(case: Case, order: HeldOrder, made: Mapping[str, Any], handed: Handed) -> tuple[Evidence, dict[str, Any]]:
    """What the end of the work shows."""
    demanded = demand_rules.demanded(made)
    points = demand_rules.points(made)
    ticked = {code: words for code, words in points.items() if code in handed.ticked}
    photos = {"photo_before", "photo_after"} & set(demanded)
    counts = attachments.counts(ORDER, order.id) if photos or "signature" in demanded else {}
    name = " ".join((handed.signed_by or "").split())
    drawn = bool(counts.get("signature"))
    shown = Evidence(
        ticked=frozenset(ticked),
        before=counts.get("before", 0),
        after=counts.get("after", 0),
        code_right=_code_right(order, handed.code) if "code" in demanded else None,
        signed=drawn or len(name) >= rules.SIGNED_AT_LEAST,
    )
    data: dict[str, Any] = {}
    if ticked:
        data["checklist"] = [dict(words) for words in ticked.values()]
    if shown.code_right:
        data["code"] = True
    if "signature" in demanded and shown.signed:
        data["signature"] = "drawn" if drawn else name
    return shown, data


def _scanned(case: Case, handed: Handed) -> tuple[Evidence, dict[str, Any]]:
    """Where the sticker that was scanned hangs: at the place of the order or inside it, elsewhere, or nowhere."""
    if not handed.place_token:
        return Evidence(), {}
    hung = hung_at(handed.place_token, places.today(case.now))
    if not hung:
        return Evidence(scan=Scan.UNKNOWN), {"scan": Scan.UNKNOWN.value}
    wanted = case.ticket.place_id
    right = next((each for each in hung if wanted and wanted in places.ancestry([each.id])), None)
    found, scan = (hung[0], Scan.ELSEWHERE) if right is None else (right, Scan.RIGHT)
    return Evidence(scan=scan, scanned=found.path), {"scan": scan.value, "scanned_id": str(found.id)}


def hung_at(given: str, on: date) -> Sequence[Any]:
    """The places of a sticker that was scanned, or whose printed code was typed."""
    found = places.place_by_sticker(secret_of(given), on)
    return [found] if found is not None else places.places_by_sticker_code(given, on)


def _has_sticker(case: Case) -> bool:
    wanted = case.ticket.place_id
    return wanted is not None and bool(places.with_stickers([wanted]))


def _path(place_id: int | None) -> str:
    return "" if place_id is None else places.paths([place_id]).get(place_id, "")
