"""What is said while an act on orders waits with Undo: what will be done to how many, and what reporters will read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import ngettext

from app.tickets import run_words
from app.tickets.queries import macros as macro_queries
from app.tickets.services import macros
from app.tickets.services.bulk import BulkAction, Task


def sentence(task: Task, now: datetime, order_ids: Sequence[int], refused: int) -> str:
    """For the orders it would be done to, and how many besides would refuse it."""
    count = len(order_ids)
    parts = [
        ngettext(
            "%(act)s: %(num)d order in ten seconds.", "%(act)s: %(num)d orders in ten seconds.", count,
            act=run_words.act(task),
        )
    ]  # fmt: skip
    text = _message(task, now, order_ids[0])
    if text:
        parts.append(
            ngettext("Its reporter reads: “%(text)s”", "Their reporters read, each with his number: “%(text)s”", count,
                text=text)
        )  # fmt: skip
    if refused:
        parts.append(ngettext("%(num)d is left as it is.", "%(num)d are left as they are.", refused))
    return "\n".join(parts)


def _message(task: Task, now: datetime, order_id: int) -> str:
    """What a reporter will be written, in his language; empty where nothing is."""
    if task.action is not BulkAction.MACRO:
        return ""
    return macros.message(macro_queries.one(task.macro_id or 0), order_id, now)
