"""What the crew left for the reader of a ticket's page: a code to tell, a time to choose, a call to make."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.core import i18n, settings
from app.core.actor import Actor
from app.core.words import text as words_text
from app.tickets import policies
from app.tickets.rules import workflow
from app.tickets.rules.history import Remark
from app.tickets.rules.visits import Window
from app.tickets.rules.workflow import Who
from app.tickets.services import calls_back, evidence
from app.tickets.web import absences

DUTY_PHONE = "portal.duty_phone"
"""The setting with the number of the duty desk."""


class FromCrew:
    """The part of a ticket's screen that answers the crew."""

    __slots__ = ()

    if TYPE_CHECKING:
        actor: Actor
        now: datetime
        ticket: Any
        orders: Sequence[Any]
        events: Sequence[Any]
        mine: bool

    @property
    def absence(self) -> absences.Absence | None:
        """Nobody was in, and an order stands still for it: what was left, and the times to choose from."""
        return absences.of(self.orders, self.events, self.ticket, self.now)

    @property
    def proposed(self) -> tuple[Window, ...]:
        """The windows the crew proposed last."""
        found = self.absence
        return () if found is None else found.windows

    @property
    def may_choose_window(self) -> bool:
        """The reader says when somebody comes: the reporter, or who is his contact (N5)."""
        return Who.REPORTER in policies.parts_of_ticket(self.actor, self.ticket)

    @property
    def call_asked(self) -> bool:
        """The crew would like to speak to the reader, who is the reporter."""
        calls = sorted((each for each in self.events if each.kind == Remark.CALL_BACK), key=lambda each: each.id)
        found = calls_back.standing(calls)
        held = {each.id for each in self.orders if each.state in workflow.ORDER_HELD}
        return found is not None and found.order_id in held and self.may_choose_window

    @property
    def duty_phone(self) -> str:
        """Whom the reporter may call."""
        return str(settings.get(DUTY_PHONE))

    @property
    def codes(self) -> list[tuple[str, str]]:
        """The reporter's codes for the end of the work, each with its trade; empty where none is asked."""
        reads = self.mine or policies.is_contact(self.actor, self.ticket)
        told = evidence.codes_to_tell(self.ticket.demands, self.orders) if reads else []
        return [(words_text(order.trade_name, i18n.locale()), code) for order, code in told]
