"""A run of one act on many orders in words: what is done, and how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.accounts import queries as people
from app.core.errors import NotFound
from app.core.pages import said
from app.tickets import order_words
from app.tickets.queries import macros as macro_queries
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import bulk_runs
from app.tickets.services.bulk import BulkAction, Task

ACTIONS = {
    BulkAction.AUTO: _l("By the ranking"),
    BulkAction.ASSIGN: _l("Give to this person"),
    BulkAction.POOL: _l("Put into the pool"),
    BulkAction.UNPOOL: _l("Out of the pool"),
    BulkAction.CANCEL: _l("Cancel the orders"),
    BulkAction.HOLD: _l("Put on hold"),
    BulkAction.REQUEUE: _l("Back to the queue"),
    BulkAction.QUEUE: _l("To the queue"),
    BulkAction.REVOKE: _l("Take the offer back"),
}


def act(task: Task) -> str:
    """What is done, in the reader's language."""
    if task.action is BulkAction.MACRO:
        try:
            return str(_("Macro “%(name)s”", name=said(macro_queries.one(task.macro_id or 0).name)))
        except NotFound:
            return str(_("A macro that is closed"))
    label = str(ACTIONS[task.action])
    if task.action is BulkAction.ASSIGN and task.assignee is not None:
        who = people.names([task.assignee]).get(task.assignee, "")
        return str(_("%(act)s: %(why)s", act=label, why=who))
    if task.action is BulkAction.HOLD and task.reason:
        return str(_("%(act)s: %(why)s", act=label, why=order_words.reason(OrderAct.HOLD, task.reason)))
    return label


def stored(task: Mapping[str, Any]) -> str:
    """The same of a stored run."""
    return act(bulk_runs.task_of(task))


def state(row: Any) -> str:
    """How a run stands."""
    if row.stopped_at is not None:
        return str(_("stopped"))
    return str(_("finished")) if row.ended_at is not None else str(_("running"))
