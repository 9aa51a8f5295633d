"""Shapes of SLA policies at the edge; the form of the page loads through them too."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, post_load, validate

from app.core import forms
from app.core.versions import shapes
from app.sites.calendars.models import HOURS_CLASSES
from app.sites.rules.worktime import Days, Target
from app.tickets.rules.escalation import Do, Step, Whom
from app.tickets.rules.priority import URGENCIES
from app.tickets.rules.reasons import HoldReason
from app.tickets.rules.sla import Kind, Line
from app.tickets.rules.sla_policy import MOST_STEPS, STEPPED, STOPPABLE, TARGETS, Policy

_OFFERED = _l("Choose one of the offered values.")
_NUMBER = {"invalid": _l("Give a number."), "required": _l("Give a number."), "null": _l("Give a number.")}


class TargetField(fields.Field[Target]):
    """A target (tickets-rules 12): working minutes, `{"days": n}`, or null for no such clock."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Target:
        if isinstance(value, dict) and set(value) == {"days"} and _whole(value["days"]):
            return Days(value["days"])
        if _whole(value):
            minutes: int = value
            return minutes
        raise ValidationError(_l("Give a number."))


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


class PolicyLineIn(forms.Schema):
    """What is promised at one priority."""

    hours = fields.String(required=True, validate=validate.OneOf(HOURS_CLASSES, error=_OFFERED))
    respond = TargetField(load_default=None, allow_none=True)
    dispatch = TargetField(load_default=None, allow_none=True)
    arrive = TargetField(load_default=None, allow_none=True)
    restore = TargetField(load_default=None, allow_none=True)
    floor = fields.Integer(load_default=0, strict=True, error_messages=_NUMBER)
    promise = fields.Boolean(load_default=True)

    @post_load
    def line(self, data: dict[str, Any], **_options: Any) -> Line:
        return Line(
            hours=data["hours"],
            targets={kind: data[kind.value] for kind in TARGETS if data[kind.value] is not None},
            floor=data["floor"],
            promise=data["promise"],
        )


class PolicyLinesIn(forms.Schema):
    """A line for every priority."""

    low = fields.Nested(PolicyLineIn, required=True)
    normal = fields.Nested(PolicyLineIn, required=True)
    high = fields.Nested(PolicyLineIn, required=True)
    emergency = fields.Nested(PolicyLineIn, required=True)


def _stops() -> fields.List[Any]:
    stoppable = validate.OneOf([kind.value for kind in STOPPABLE], error=_OFFERED)
    return fields.List(fields.String(validate=stoppable), load_default=list, validate=validate.Length(max=2))


class PolicyStopsIn(forms.Schema):
    """The clocks each reason of a hold stops (5)."""

    parts = _stops()
    weather = _stops()
    access = _stops()
    reporter_absent = _stops()
    other_trade = _stops()
    approval = _stops()


class PolicyStepIn(forms.Schema):
    """One escalation step (20): working minutes after the due time, negative before it; no clocks: every clock."""

    after = fields.Integer(required=True, strict=True, error_messages=_NUMBER)
    do = fields.String(required=True, validate=validate.OneOf([each.value for each in Do], error=_OFFERED))
    whom = fields.String(
        load_default=Whom.RESPONSIBLE.value, validate=validate.OneOf([each.value for each in Whom], error=_OFFERED)
    )
    clocks = fields.List(
        fields.String(validate=validate.OneOf([kind.value for kind in STEPPED], error=_OFFERED)),
        load_default=list,
        validate=validate.Length(max=len(STEPPED)),
    )

    @post_load
    def step(self, data: dict[str, Any], **_options: Any) -> Step:
        return Step(
            after=data["after"],
            do=Do(data["do"]),
            whom=Whom(data["whom"]),
            clocks=frozenset(Kind(kind) for kind in data["clocks"]),
        )


class PolicyContentIn(forms.Schema):
    """What a policy says; loads to `Policy`."""

    lines = fields.Nested(PolicyLinesIn, required=True)
    stops = fields.Nested(PolicyStopsIn, load_default=dict)
    steps = fields.List(fields.Nested(PolicyStepIn), load_default=list, validate=validate.Length(max=MOST_STEPS))

    @post_load
    def policy(self, data: dict[str, Any], **_options: Any) -> Policy:
        stops = {
            reason.value: frozenset(Kind(kind) for kind in data["stops"].get(reason.value, ())) for reason in HoldReason
        }
        return Policy(
            lines={priority: data["lines"][priority] for priority in URGENCIES},
            stops={reason: kinds for reason, kinds in stops.items() if kinds},
            steps=tuple(data["steps"]),
        )


class PolicyContent(shapes.VersionFields):
    """Content to be put in force."""

    content = fields.Nested(PolicyContentIn, required=True)


class NewPolicy(PolicyContent):
    """`POST /sla-policies`."""

    code = forms.Text(max=forms.CODE_MAX, required=True, validate=forms.CODE)
    name = forms.Texts(required=True, validate=validate.Length(min=1))


class NewPolicyVersion(PolicyContent):
    """`PUT /sla-policies/{id}`: content to be put in force."""

    name = forms.Texts(load_default=None, validate=validate.Length(min=1))


class PolicyOut(shapes.HeadOut):
    """A policy with its version in force; `content` is what `PUT` takes, `usual` the one of categories without."""

    usual = fields.Boolean()


class PolicyPage(forms.Schema):
    """The policies that can be chosen, the usual one first."""

    items = fields.List(fields.Nested(PolicyOut))
    next = fields.String(allow_none=True)


class PolicyVersionOut(shapes.VersionOut):
    """One version of a policy; clocks that began under it keep it."""


class PolicyDraftIn(forms.Schema):
    """`PUT /sla-policies/{id}/draft`: what the policy is to become; `name` where it is to be called otherwise."""

    content = fields.Nested(PolicyContentIn, required=True)
    name = forms.Texts(load_default=None, validate=validate.Length(min=1))


class PolicyDraftOut(shapes.DraftOut):
    """What is being made of a policy."""

    name = fields.Dict(keys=fields.String(), values=fields.String(), allow_none=True)


class PolicyChange(forms.Schema):
    """One thing the draft changes: `high.restore`, `stops`, `steps`."""

    field = fields.String()
    before = fields.Raw(allow_none=True)
    after = fields.Raw(allow_none=True)


class PolicyChanges(forms.Schema):
    """What publishing the draft changes, for clocks that begin or change from then on."""

    items = fields.List(fields.Nested(PolicyChange))


class CalendarEffect(forms.Schema):
    """What publishing the draft of a calendar does to open clocks.

    `tickets` and `clocks` are judged anew. Of the `looked` oldest requests: due times that move `earlier` or `later`,
    what is `late` by it, and what is no more (`healed`).
    """

    tickets = fields.Integer()
    clocks = fields.Integer()
    looked = fields.Integer()
    earlier = fields.Integer()
    later = fields.Integer()
    late = fields.Integer()
    healed = fields.Integer()


class PolicyVersionPage(forms.Schema):
    """The versions of a policy, the newest first."""

    items = fields.List(fields.Nested(PolicyVersionOut))
    next = fields.String(allow_none=True)
