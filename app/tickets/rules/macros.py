"""What a macro consists of, and when it could never be carried out: an act, a note for staff, a message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.tickets.rules.messages import gettext_noop
from app.tickets.rules.order_table import OrderAct
from app.tickets.rules.reasons import HOLD_NEEDS_CARD, HOLD_NEEDS_UNTIL, choices, read_reason

LONGEST_DAYS: Final = 90
TEXT_LIMIT: Final = 1000
NUMBER, UNTIL = "number", "until"
_MARK = re.compile(r"\{([^{}]*)\}")


class MacroAct(StrEnum):
    """What a macro can do to an order: acts of the table that need no person to be chosen, and the pool."""

    HOLD = "hold"
    REQUEUE = "requeue"
    QUEUE = "queue"
    REVOKE = "revoke"
    CANCEL = "cancel"
    POOL = "pool"
    UNPOOL = "unpool"

    @property
    def of_table(self) -> OrderAct | None:
        """The act of the transition table; None for what moves no order."""
        return None if self in (MacroAct.POOL, MacroAct.UNPOOL) else OrderAct(self.value)


MACRO_ACT_LABELS: Final[dict[MacroAct, str]] = {
    MacroAct.HOLD: gettext_noop("Put on hold"),
    MacroAct.REQUEUE: gettext_noop("Back to the queue"),
    MacroAct.QUEUE: gettext_noop("To the queue"),
    MacroAct.REVOKE: gettext_noop("Take the offer back"),
    MacroAct.CANCEL: gettext_noop("Cancel the order"),
    MacroAct.POOL: gettext_noop("Put into the pool"),
    MacroAct.UNPOOL: gettext_noop("Out of the pool"),
}
NEEDS_REASON: Final = frozenset({MacroAct.HOLD, MacroAct.REVOKE, MacroAct.CANCEL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a macro does; `days` from the moment it is used a hold ends, `message` by language."""

    act: MacroAct | None = None
    reason: str | None = None
    days: int | None = None
    note: str | None = None
    message: Mapping[str, str] | None = None


def faults(content: Content) -> dict[str, str]:
    """What is wrong with it, by field; empty where it can be carried out."""
    wrong: dict[str, str] = {}
    if content.act is None and not content.note and not content.message:
        wrong["act"] = gettext_noop("A macro does something, notes something or tells something.")
    wrong |= _reason_faults(content)
    for language, text in (content.message or {}).items():
        known = {NUMBER, UNTIL} if content.days is not None else {NUMBER}
        if not set(_MARK.findall(text)) <= known:
            field = "message_en" if language == "en" else "message_zh"
            wrong[field] = gettext_noop("In braces stands only {number}, and {until} where the order is put on hold.")
    return wrong


def _reason_faults(content: Content) -> dict[str, str]:
    wrong: dict[str, str] = {}
    act, code = content.act, None
    of_table = act.of_table if act in NEEDS_REASON else None
    if of_table is not None:
        code = read_reason(of_table, content.reason)
        known = {each.code for each in choices(of_table)}
        if code is None or (act is MacroAct.HOLD and code not in known):
            wrong["reason"] = gettext_noop("Choose a reason.")
    elif content.reason:
        wrong["reason"] = gettext_noop("This act takes no reason.")
    if content.days is None and code in HOLD_NEEDS_UNTIL | HOLD_NEEDS_CARD and act is MacroAct.HOLD:
        wrong["days"] = gettext_noop("Say after how many days it goes on.")
    elif content.days is not None and act is not MacroAct.HOLD:
        wrong["days"] = gettext_noop("Only a hold ends after some days.")
    return wrong


def filled(text: str, values: Mapping[str, str]) -> str:
    """The message with its marks replaced; a mark without a value stays as it is."""
    return _MARK.sub(lambda mark: values.get(mark[1], mark[0]), text)
