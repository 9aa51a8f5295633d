"""A policy as a form and back: its fields by name, read as the JSON the API takes and loaded through the same schema.

A target is a number and its unit, a step a row; rows without a number are left out. What is wrong comes back beside
the field it was typed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validate

from app.core import forms, words
from app.core.errors import NEVER, Rejected
from app.core.versions.shapes import NOTE_MAX
from app.sites.rules.worktime import Days
from app.tickets.rules.escalation import Do, Step, Whom
from app.tickets.rules.priority import URGENCIES
from app.tickets.rules.reasons import HoldReason
from app.tickets.rules.sla_policy import MOST_STEPS, TARGETS, Policy
from app.tickets.schemas import sla_policies as schemas

STEP_ROWS = 4  # rows offered at least; more appear as they are filled


class Head(forms.Named):
    """What the form says besides the content; `draft` is the version of the draft it began from (0: there was none)."""

    seen = forms.Id(load_default=NEVER)
    draft = fields.Integer(
        load_default=0, validate=validate.Range(0, forms.MAX_NUMBER, error=_l("Choose one of the offered values."))
    )
    note = forms.Text(max=NOTE_MAX, load_default="")


class NewHead(Head):
    """What the form of another policy says besides."""

    code = forms.Text(max=forms.CODE_MAX, required=True, validate=forms.CODE)


def values(policy: Policy) -> dict[str, Any]:
    """The fields of a policy as the form shows them."""
    found: dict[str, Any] = {}
    for priority in URGENCIES:
        line = policy.lines[priority]
        found |= {
            f"{priority}_hours": line.hours,
            f"{priority}_floor": line.floor,
            f"{priority}_promise": line.promise,
        }
        for kind in TARGETS:
            target = line.targets.get(kind)
            name = f"{priority}_{kind.value}"
            if isinstance(target, Days):
                found |= {name: target.count, f"{name}_in": "days"}
            else:
                found |= {name: target, f"{name}_in": "none" if target is None else "minutes"}
    for reason in HoldReason:
        found[f"stops_{reason.value}"] = sorted(policy.stops.get(reason.value, ()))
    for row, step in enumerate(policy.steps):
        found |= _row(row, step)
    return found


def _row(row: int, step: Step) -> dict[str, Any]:
    return {
        f"step_after_{row}": abs(step.after),
        f"step_side_{row}": "before" if step.after < 0 else "after",
        f"step_do_{row}": step.do.value,
        f"step_whom_{row}": step.whom.value,
        f"step_clocks_{row}": sorted(step.clocks),
    }


def rows(values: Mapping[str, Any]) -> range:
    """The rows of steps to show: those filled, and room for more."""
    filled = [row + 1 for row in range(MOST_STEPS) if values.get(f"step_after_{row}") not in (None, "")]
    return range(min(max([STEP_ROWS, *(last + 1 for last in filled)]), MOST_STEPS))


def load(form: forms.Form, sent: Any) -> tuple[dict[str, Any], Policy] | None:
    """What a sent form says: its head and the policy; None where the form has to be shown again with its errors."""
    head = form.load(sent)
    for name in sent:
        if name.startswith(("stops_", "step_clocks_")):
            form.values[name] = [each for each in sent.getlist(name) if each]
    raw, row_of = _content(sent)
    form.beside |= set(values_of_page())
    try:
        policy: Policy = schemas.PolicyContentIn().load(raw)
    except ValidationError as error:
        refuse(form, Rejected(fields=forms.flatten(error.messages)), row_of)
        return None
    return None if head is None else ({**head, "name": words.from_fields(head), "rows": row_of}, policy)


def values_of_page() -> list[str]:
    """Every field of the page that the head does not have."""
    found = ["steps"]
    for priority in URGENCIES:
        found += [f"{priority}_{name}" for name in ("hours", "floor", "promise", *(kind.value for kind in TARGETS))]
    found += [f"stops_{reason.value}" for reason in HoldReason]
    found += [f"step_{part}_{row}" for part in ("after", "do", "whom", "clocks") for row in range(MOST_STEPS)]
    return found


def refuse(form: forms.Form, refused: Rejected, row_of: Mapping[int, int]) -> None:
    """Show what schema or service say of a path beside the field it was typed in."""
    if refused.message:
        form.problem = str(refused.message)
    form.refuse({_named(path, row_of): said for path, said in refused.fields.items()})


def _named(path: str, row_of: Mapping[int, int]) -> str:
    parts = path.removeprefix("content.").split(".")
    if parts[0] == "lines" and len(parts) > 2:
        return f"{parts[1]}_{parts[2]}"
    if parts[0] == "stops" and len(parts) > 1:
        return f"stops_{parts[1]}"
    if parts[0] == "steps" and len(parts) > 2 and parts[1].isdigit():
        return f"step_{parts[2]}_{row_of.get(int(parts[1]), 0)}"
    return "name_zh" if parts[0] == "name" else parts[0]


def _content(sent: Any) -> tuple[dict[str, Any], dict[int, int]]:
    """The content as the API takes it, and in which row of the form each step was typed."""
    lines = {priority: _line(priority, sent) for priority in URGENCIES}
    stops = {reason.value: sent.getlist(f"stops_{reason.value}") for reason in HoldReason}
    steps: list[dict[str, Any]] = []
    row_of: dict[int, int] = {}
    for row in range(MOST_STEPS):
        typed = sent.get(f"step_after_{row}", "").strip()
        if not typed:
            continue
        row_of[len(steps)] = row
        after = _number(typed)
        if isinstance(after, int) and sent.get(f"step_side_{row}") == "before":
            after = -after
        steps.append(
            {
                "after": after,
                "do": sent.get(f"step_do_{row}", Do.NOTIFY.value),
                "whom": sent.get(f"step_whom_{row}", Whom.RESPONSIBLE.value),
                "clocks": sent.getlist(f"step_clocks_{row}"),
            }
        )
    return {"lines": lines, "stops": stops, "steps": steps}, row_of


def _line(priority: str, sent: Any) -> dict[str, Any]:
    targets = {kind.value: _target(f"{priority}_{kind.value}", sent) for kind in TARGETS}
    return {
        "hours": sent.get(f"{priority}_hours", ""),
        **targets,
        "floor": _number(sent.get(f"{priority}_floor", "").strip() or "0"),
        "promise": sent.get(f"{priority}_promise") == "1",
    }


def _target(name: str, sent: Any) -> Any:
    unit, typed = sent.get(f"{name}_in", "minutes"), sent.get(name, "").strip()
    if unit == "none":
        return None
    number = _number(typed)
    return {"days": number} if unit == "days" else number


def _number(typed: str) -> int | str:
    """Digits as a number; anything else stays what it was, for the schema to refuse."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 9 else typed
