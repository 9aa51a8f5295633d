"""Service levels for tests: the usual one, one that is quicker, and what their form sends."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

from app.tickets.dispatch import sla_forms
from app.tickets.queries import sla_policies as queries
from app.tickets.rules.sla import Kind
from app.tickets.rules.sla_policy import DEFAULT, Policy


def usual() -> Any:
    return next(row for row in queries.policies() if row.usual)


def quicker(minutes: int = 15, kind: Kind = Kind.RESPOND) -> Policy:
    """The usual policy, but for one target of priority high."""
    line = DEFAULT.lines["high"]
    changed = replace(line, targets={**line.targets, kind: minutes})
    return replace(DEFAULT, lines=MappingProxyType({**DEFAULT.lines, "high": changed}))


def typed(**changed: Any) -> dict[str, Any]:
    """What the form of the usual policy sends."""
    shown = sla_forms.values(DEFAULT)
    sent = {
        name: "1" if value is True else value
        for name, value in shown.items()
        if value is not None and value is not False
    }
    return {"name_zh": "默认", "name_en": "Usual", "seen": "1", **sent, **changed}
