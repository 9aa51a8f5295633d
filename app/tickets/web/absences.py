"""Nobody was in: what the reporter's page says of it, and the times he can choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core import i18n
from app.tickets import order_words, visit_choice
from app.tickets.rules.history import Remark
from app.tickets.rules.visits import Window
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import windows


@dataclass(frozen=True, slots=True)
class Absence:
    """The last visit that found nobody. `chosen`: the window the reporter has chosen since; `slots`: all offered."""

    at: str
    note: str
    card: bool
    windows: tuple[Window, ...]
    chosen: str
    now: datetime

    @property
    def proposed(self) -> list[dict[str, str]]:
        """The proposals that still lie ahead, as choices."""
        return [visit_choice.option(each) for each in self.windows]

    @property
    def slots(self) -> list[dict[str, str]]:
        return visit_choice.slots(self.now)


def of(orders: Sequence[Any], events: Sequence[Any], ticket: Any, now: datetime) -> Absence | None:
    """What the events (newest first or last) say of the orders that stand still because nobody was in."""
    waiting = {each.id for each in orders if windows.waits(each)}
    held = [each for each in events if each.kind == OrderAct.HOLD and each.order_id in waiting]
    if not held:
        return None
    last = max(held, key=lambda each: each.id)
    data = last.data or {}
    proposed = tuple(
        Window(datetime.fromisoformat(each["from"]), datetime.fromisoformat(each["to"]))
        for each in data.get("windows", ())
    )
    chosen = any(each.kind == Remark.WINDOW and each.id > last.id for each in events)
    return Absence(
        at=i18n.format_moment(last.effective_at or last.at),
        note=last.note or "",
        card=bool(data.get("card")),
        windows=tuple(each for each in proposed if each.start > now),
        chosen=order_words.visit(ticket) if chosen else "",
        now=now,
    )
