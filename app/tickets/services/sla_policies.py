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
from app.core.db import db
from app.core.errors import Conflict
from app.core.refusals import permit
from app.core.versions.series import refuse
from app.events.tickets.clocks import SlaPolicyPublished
from app.sites import queries as places
from app.sites.calendars.models import HOURS_CLASSES
from app.tickets import policies
from app.tickets.models import SlaPolicy, SlaPolicyDraft, SlaPolicyVersion
from app.tickets.queries import sla_policies as queries
from app.tickets.queries.sla_policies import POLICIES
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
    "hours": _l("Choose one of the offered values."),
    "call": _l("A duty lead is called for an order: choose assignment, arrival or both."),
}

_PARTS = {
    "hours": _l("Hours"),
    "floor": _l("Left at least"),
    "promise": _l("Promise"),
    **{kind.value: _l(KIND_LABELS[kind]) for kind in sla_policy.TARGETS},
}
labels.declare(
    verbs={
        "sla_policy.create": _l("Made a service level"),
        "sla_policy.publish": _l("Published a version of a service level"),
        "sla_policy.close": _l("Closed a service level"),
    },
    objects={"sla_policy": _l("Service level")},
    names={"sla_policy": labels.named_by(SlaPolicy.id, SlaPolicy.name)},
    fields={
        "stops": _l("What a hold stops"),
        "steps": _l("Who is told, and when"),
        **{
            f"{priority}.{name}": _l("%(priority)s, %(field)s", priority=_l(word), field=part)
            for priority, word in URGENCY_LABELS.items()
            for name, part in _PARTS.items()
        },
    },
)


def create(
    *, actor: Actor, now: datetime, code: str, name: Mapping[str, str], content: Policy, note: str | None = None
) -> SlaPolicy:
    """A new policy with its first version; categories choose it by its code.

    Raises NotAllowed, Rejected (field `code`, or the path of what is wrong in the content).
    """
    _permit(actor)
    _refuse(content)
    made, version = POLICIES.create(
        code,
        name,
        sla_policy.written(content),
        at=now,
        by=actor.id,
        note=note,
        usual=False,
        valid_from=places.today(now),
    )
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
    draft: int | None = None,
) -> SlaPolicyVersion:
    """Put content in force as the next version; `seen` is the number of the version its author looked at.

    `draft` is the version of the draft he looked at (0: there was none): it goes. `name` renames the policy besides.
    Content that says the same makes no version: the one in force is returned.
    Raises NotAllowed, NotFound, Stale, Rejected (the path of what is wrong).
    """
    _permit(actor)
    found, before = POLICIES.locked(policy_id, seen)
    _refuse(content)
    if draft is not None:
        POLICIES.discard(policy_id, seen=draft)
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
    db.session.flush()
    made = POLICIES.follow(before, sla_policy.written(content), at=now, by=actor.id, note=note)
    if made is before:
        return before
    audit.record_change(
        actor,
        "sla_policy.publish",
        "sla_policy",
        policy_id,
        now=now,
        before={"number": before.number, "note": None, **sla_policy.flat(before.content)},
        after={"number": made.number, "note": note, **sla_policy.flat(made.content)},
    )
    outbox.publish(SlaPolicyPublished(policy_id, made.id))
    return made


def save_draft(
    policy_id: int,
    *,
    actor: Actor,
    now: datetime,
    content: Policy,
    seen: int | None,
    name: Mapping[str, str] | None = None,
) -> SlaPolicyDraft:
    """Keep what is being made of a policy; `seen` is the draft's version the editor began from (0: there was none).

    Raises NotAllowed, NotFound, Stale, Rejected (the path of what is wrong).
    """
    _permit(actor)
    _refuse(content)
    written = sla_policy.written(content)
    return POLICIES.keep(policy_id, written, at=now, by=actor.id, seen=seen, name=None if name is None else dict(name))


def discard_draft(policy_id: int, *, actor: Actor, seen: int | None) -> None:
    """Forget what was being made of a policy. Raises NotAllowed, NotFound, Stale."""
    _permit(actor)
    POLICIES.discard(policy_id, seen=seen)


def publish_draft(
    policy_id: int, *, actor: Actor, now: datetime, seen: int | None, note: str | None = None
) -> SlaPolicyVersion:
    """Publish the draft as the version in force. Raises NotAllowed, NotFound, Conflict (no draft), Stale."""
    _permit(actor)
    found = POLICIES.take(policy_id, seen=seen)
    content = sla_policy.read(found.content)
    return publish(policy_id, actor=actor, now=now, content=content, seen=None, note=note, name=found.name)


def close(policy_id: int, *, actor: Actor, now: datetime, seen: int | None = None) -> None:
    """Take a policy out of the choice; its versions stay with the clocks they judged.

    Raises NotAllowed, NotFound, Stale, Conflict for the usual one (6: it always exists) and while a category names it.
    """
    _permit(actor)
    found, _version = POLICIES.locked(policy_id, seen)
    if found.usual:
        raise Conflict(_l("The usual service level stays: it holds wherever a category names none."))
    if queries.categories(found.code, limit=1):
        raise Conflict(_l("Categories use this service level. Give them another one first."))
    POLICIES.end(found, places.today(now))
    after = {"valid_to": str(found.valid_to)}
    audit.record(actor, "sla_policy.close", "sla_policy", policy_id, now=now, after=after)


def _permit(actor: Actor) -> None:
    permit(actor, policies.may_edit_policies)


def _refuse(content: Policy) -> None:
    hours = [
        (f"lines.{priority}.hours", "hours")
        for priority, line in content.lines.items()
        if line.hours not in HOURS_CLASSES
    ]
    refuse([*sla_policy.faults(content), *hours], FAULTS)
