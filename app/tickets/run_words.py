"""A run of one act on many orders in words: what is done, and how it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.accounts import queries as people
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
    return acts([task])[0]


def acts(tasks: Sequence[Task]) -> list[str]:
    """The same of several; two statements at most, however many there are."""
    names = people.names({each.assignee for each in tasks if each.assignee is not None})
    macros = {}
    if any(each.action is BulkAction.MACRO for each in tasks):
        macros = {each.id: each.name for each in macro_queries.usable()}
    return [_act(each, names, macros) for each in tasks]


def _act(task: Task, names: Mapping[int, str], macros: Mapping[int, Mapping[str, str]]) -> str:
    if task.action is BulkAction.MACRO:
        name = macros.get(task.macro_id or 0)
        return str(_("A macro that is closed") if name is None else _("Macro “%(name)s”", name=said(name)))
    label = str(ACTIONS[task.action])
    if task.action is BulkAction.ASSIGN and task.assignee is not None:
        label = f"{label}: {names.get(task.assignee, '')}"
    if task.action is BulkAction.HOLD and task.reason:
        label = f"{label}: {order_words.reason(OrderAct.HOLD, task.reason)}"
    return label


def stored(task: Mapping[str, Any]) -> str:
    """The same of a stored run."""
    return act(bulk_runs.task_of(task))


def all_stored(tasks: Sequence[Mapping[str, Any]]) -> list[str]:
    """The same of several."""
    return acts([bulk_runs.task_of(each) for each in tasks])


def state(row: Any) -> str:
    """How a run stands."""
    if row.stopped_at is not None:
        return str(_("stopped"))
    return str(_("finished")) if row.ended_at is not None else str(_("running"))
