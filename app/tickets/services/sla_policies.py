"""Changing what is promised: a policy is published as a version that is never changed (tickets-rules 5, 6, 7, 12, 20).

A new version holds for clocks that begin or change from then on; whatever runs keeps the version it began under.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from app.audit import labels
from app.audit import services as audit
from app.core import outbox
from app.core.actor import Actor
from app.core.db import constraint_error, db
from app.core.errors import Conflict, NotAllowed, Rejected, Stale
from app.events.tickets.clocks import SlaPolicyPublished
from app.sites import queries as places
from app.sites.calendars.models import HOURS_CLASSES
from app.tickets import policies
from app.tickets.models import SlaPolicy, SlaPolicyVersion
from app.tickets.queries import sla_policies as queries
from app.tickets.rules import sla_policy
from app.tickets.rules.priority import URGENCY_LABELS
from app.tickets.rules.sla import KIND_LABELS
from app.tickets.rules.sla_policy import Policy

FAULTS: dict[str, Any] = {
    "minutes": _l("Give minutes between 1 and %(most)s.", most=sla_policy.MOST_MINUTES),
    "days": _l("Give days between 0 and %(most)s.", most=sla_policy.MOST_DAYS),
    "floor": _l("Give minutes between 0 and %(most)s.", most=sla_policy.MOST_MINUTES),
    "promise": _l("A promise needs a target for the repair."),
    "many": _l("At most %(most)s steps fit in a service level.", most=sla_policy.MOST_STEPS),
    "after": _l("Give minutes between 0 and %(most)s.", most=sla_policy.MOST_MINUTES),
    "twice": _l("This step is there twice."),
    "call": _l("A duty lead is called for an order: choose assignment, arrival or both."),
}
CODE_TAKEN = _l("There is a service level with this code already.")

_PARTS = {
    "hours": _l("Hours"),
    "floor": _l("Left at least"),
    "promise": _l("Promise"),
    **{kind.value: _l(KIND_LABELS[kind]) for kind in sla_policy.TARGETS},
}
labels.declare(
    fields={
        "stops": _l("What a hold stops"),
        "steps": _l("Who is told, and when"),
        **{
            f"{priority}.{name}": _l("%(priority)s, %(field)s", priority=_l(word), field=part)
            for priority, word in URGENCY_LABELS.items()
            for name, part in _PARTS.items()
        },
    }
)

constraint_error("uq_sla_policy_code_valid", lambda: Rejected(fields={"code": CODE_TAKEN}))
constraint_error("uq_sla_policy_version_number", lambda: _stale(None))


def _stale(number: int | None) -> Stale:
    current = {"state": "published", "assignee": None, "version": number}
    return Stale(
        _l("Somebody else has published this service level in the meantime. Look at it again."), current=current
    )


def create(
    *, actor: Actor, now: datetime, code: str, name: Mapping[str, str], content: Policy, note: str | None = None
) -> SlaPolicy:
    """A new policy with its first version; categories choose it by its code.

    Raises NotAllowed, Rejected (field `code`, or the path of what is wrong in the content).
    """
    _permit(actor)
    _refuse(content)
    if queries.known(code):
        raise Rejected(fields={"code": CODE_TAKEN})
    made = SlaPolicy(code=code, name=dict(name), usual=False, valid_from=places.today(now))
    db.session.add(made)
    db.session.flush()
    version = _insert(made.id, 1, content, note, now, actor)
    after = {"code": code, "name": dict(name), "number": 1, "note": note}
    audit.record(actor, "sla_policy.create", "sla_policy", made.id, now=now, after=after)
    outbox.publish(SlaPolicyPublished(made.id, version.id))
    return made


def publish(
    policy_id: int,
    *,
    actor: Actor,
    now: datetime,
    content: Policy,
    seen: int | None,
    note: str | None = None,
    name: Mapping[str, str] | None = None,
) -> SlaPolicyVersion:
    """Put content in force as the next version; `seen` is the number of the version its author looked at.

    `name` renames the policy besides. Content that says the same makes no version: the one in force is returned.
    Raises NotAllowed, NotFound, Stale, Rejected (the path of what is wrong).
    """
    _permit(actor)
    found = queries.policy(policy_id, lock=True)
    before = queries.in_force(policy_id)
    if seen is not None and seen != before.number:
        raise _stale(before.number)
    _refuse(content)
    if name is not None and dict(name) != found.name:
        was, found.name = found.name, dict(name)
        audit.record(
            actor,
            "sla_policy.publish",
            "sla_policy",
            policy_id,
            now=now,
            before={"name": was},
            after={"name": found.name},
        )
    if sla_policy.written(content) == before.content:
        db.session.flush()
        return before
    made = _insert(policy_id, before.number + 1, content, note, now, actor)
    audit.record_change(
        actor,
        "sla_policy.publish",
        "sla_policy",
        policy_id,
        now=now,
        before={"number": before.number, "note": None, **_flat(before.content)},
        after={"number": made.number, "note": note, **_flat(made.content)},
    )
    outbox.publish(SlaPolicyPublished(policy_id, made.id))
    return made


def close(policy_id: int, *, actor: Actor, now: datetime, seen: int | None = None) -> None:
    """Take a policy out of the choice; its versions stay with the clocks they judged.

    Raises NotAllowed, NotFound, Stale, Conflict for the usual one (6: it always exists) and while a category names it.
    """
    _permit(actor)
    found = queries.policy(policy_id, lock=True)
    number = queries.in_force(policy_id).number
    if seen is not None and seen != number:
        raise _stale(number)
    if found.usual:
        raise Conflict(_l("The usual service level stays: it holds wherever a category names none."))
    if queries.categories(found.code, limit=1):
        raise Conflict(_l("Categories use this service level. Give them another one first."))
    found.valid_to = places.today(now)
    db.session.flush()
    after = {"valid_to": str(found.valid_to)}
    audit.record(actor, "sla_policy.close", "sla_policy", policy_id, now=now, after=after)


def _permit(actor: Actor) -> None:
    if actor.kind != "system" and not policies.may_edit_policies(actor):
        raise NotAllowed


def _insert(
    policy_id: int, number: int, content: Policy, note: str | None, now: datetime, actor: Actor
) -> SlaPolicyVersion:
    made = SlaPolicyVersion(
        policy_id=policy_id,
        number=number,
        content=sla_policy.written(content),
        note=note or None,
        published_at=now,
        published_by=actor.id,
    )
    db.session.add(made)
    db.session.flush()
    return made


def _refuse(content: Policy) -> None:
    wrong: dict[str, list[Any]] = {}
    for where, code in sla_policy.faults(content):
        wrong.setdefault(where, []).append(FAULTS[code])
    for priority, line in content.lines.items():
        if line.hours not in HOURS_CLASSES:
            wrong[f"lines.{priority}.hours"] = [_l("Choose one of the offered values.")]
    if wrong:
        raise Rejected(fields=wrong)


def _flat(content: Mapping[str, Any]) -> dict[str, Any]:
    """Content as members the log can compare: one per cell, one for the holds, one for the steps."""
    cells = {f"{priority}.{name}": value for priority, line in content["lines"].items() for name, value in line.items()}
    return {**cells, "stops": content["stops"], "steps": content["steps"]}
