"""The versions of a category, and the draft of its questions until it is published.

Whatever a category says or asks changes by a new version; a version is never touched again. Questions are edited as a
draft, so that somebody can try them in the preview before reporters meet them.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import orjson
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.audit import labels
from app.audit import services as audit
from app.core import words
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Conflict, NotFound, Rejected, Stale
from app.core.held import held
from app.core.refusals import permit
from app.core.versions.series import NOTHING
from app.tickets import policies
from app.tickets.models import Category, CategoryVersion
from app.tickets.rules import questions as rules
from app.tickets.rules.questions import Question

labels.declare(verbs={"category.publish": _l("Published the questions of a category")})

FORM: Final = frozenset({"impacts", "sla_policy", "price_class", "reply", "demands"})
"""What a version holds besides the category's own columns; the questions are changed through the draft."""

_NOTHING: Final[dict[str, Any]] = {
    "impacts": {},
    "sla_policy": None,
    "price_class": None,
    "reply": None,
    "demands": {},
    "questions": [],
}
_COLUMNS: Final = (
    "name",
    "hints",
    "trade_id",
    "planned_minutes",
    "auto_dispatch",
    "emergency",
    "emergency_phone",
    "impact",
)


def current(category: Category) -> CategoryVersion | None:
    """The version in force; None before the first was written."""
    return db.session.scalars(
        select(CategoryVersion).where(
            CategoryVersion.category_id == category.id, CategoryVersion.number == category.version
        )
    ).first()


def write(category: Category, *, actor: Actor, now: datetime, **form: Any) -> None:
    """Put the category, as it now is, on record as its next version; `form` changes what only versions hold.

    Nothing is written where nothing differs from the version in force.
    """
    before = current(category)
    held = {name: getattr(before, name) if before else usual for name, usual in _NOTHING.items()}
    content = {name: getattr(category, name) for name in _COLUMNS} | held | form
    if before is not None and all(getattr(before, name) == value for name, value in content.items()):
        return
    category.version += 1
    db.session.add(
        CategoryVersion(category_id=category.id, number=category.version, made_at=now, made_by=actor.id, **content)
    )
    db.session.flush()


def questions(category: Category) -> tuple[Question, ...]:
    """What an editor sees: the draft, else what reporters are asked."""
    if category.draft is not None:
        return rules.read_all(category.draft)
    found = current(category)
    return rules.read_all(found.questions if found else ())


def mark(category: Category) -> str:
    """Names the state of the questions a form was made from, so that nobody overwrites what he has not seen."""
    content = orjson.dumps([each.to_data() for each in questions(category)], option=orjson.OPT_SORT_KEYS)
    return f"{category.version}.{hashlib.sha256(content).hexdigest()[:16]}"


def put_question(*, actor: Actor, now: datetime, category_id: int, seen: str | None, question: Question) -> None:
    """Add a question to the draft, or change the one of its code; an answer without a code gets a new one.

    `seen`, here and below: the `mark` its editor had before him (None: not asked). Raises NotAllowed, NotFound, Stale,
    Rejected.
    """
    category = _to_edit(actor, category_id, seen)
    found = list(questions(category))
    question = replace(question, options=rules.coded(question.options, _answers_had(category)[question.code]))
    at = next((place for place, each in enumerate(found) if each.code == question.code), None)
    if at is None:
        if len(found) >= rules.QUESTIONS_AT_MOST:
            raise Rejected(_l("A form with so many questions is not filled in. Take one away first."))
        found.append(question)
    else:
        found[at] = question
    _check(category, question)
    _draft(category, found)


def set_questions(
    *, actor: Actor, now: datetime, category_id: int, seen: str | None, wanted: Sequence[Question]
) -> None:
    """Make the draft these questions, in their order; one without a code is new, as is an answer without one.

    A question keeps its code and kind: what was answered to it keeps its meaning. Raises NotAllowed, NotFound, Stale,
    Rejected (fields `questions`, `questions.0.code` …).
    """
    category = _to_edit(actor, category_id, seen)
    if len(wanted) > rules.QUESTIONS_AT_MOST:
        raise Rejected(fields={"questions": _l("A form with so many questions is not filled in. Take one away first.")})
    present = {each.code: each for each in questions(category)}
    fresh, had = _new_codes(category), _answers_had(category)
    faults: dict[str, Any] = {}
    found: list[Question] = []
    for at, given in enumerate(wanted):
        code = given.code or next(fresh)
        question = replace(given, code=code, options=rules.coded(given.options, had[code]))
        told = _known(question, present, [each.code for each in found]) if given.code else {}
        if question != present.get(question.code):
            told |= _unsaid(question) | _faults(category, question)
        faults |= {f"questions.{at}.{name.removesuffix('_zh')}": said for name, said in told.items()}
        found.append(question)
    if faults:
        raise Rejected(fields=faults)
    _draft(category, found)


def _known(question: Question, present: Mapping[str, Question], before: Sequence[str]) -> dict[str, Any]:
    """What is wrong with a question that names its code."""
    if question.code not in present:
        return {"code": _l("There is no such question. Leave the code out of a new one.")}
    if question.code in before:
        return {"code": _l("This question is there twice.")}
    if present[question.code].kind is not question.kind:
        return {"kind": _l("A question keeps its kind. Ask a new one instead.")}
    return {}


def _unsaid(question: Question) -> dict[str, Any]:
    """The parts of a question that lack words in one of the languages."""
    asked = {"label": [question.label], "options": [each.label for each in question.options]}
    lacking = (name for name, said in asked.items() if any(set(each) != set(words.LANGUAGES) for each in said))
    return dict.fromkeys(lacking, _l("Give it in both languages."))


def new_code(category: Category) -> str:
    """A code no question of the category has or had: answers of every version keep their meaning."""
    return next(_new_codes(category))


def _new_codes(category: Category) -> Iterator[str]:
    used = {each["code"] for row in _all_questions(category.id) for each in row}
    used |= {each.code for each in questions(category)}
    return (code for number in range(1, 10_000) if (code := f"q{number}") not in used)


def _answers_had(category: Category) -> defaultdict[str, set[str]]:
    """The codes of the answers each question, by its code, has or had."""
    had: defaultdict[str, set[str]] = defaultdict(set)
    drafted = [each.to_data() for each in questions(category)]
    for asked in (*_all_questions(category.id), drafted):
        for each in asked:
            had[each["code"]] |= {option["code"] for option in each["options"]}
    return had


def remove_question(*, actor: Actor, now: datetime, category_id: int, seen: str | None, code: str) -> None:
    """Take a question out of the draft. Raises NotAllowed, NotFound, Stale."""
    category = _to_edit(actor, category_id, seen)
    found = questions(category)
    if all(each.code != code for each in found):
        raise NotFound
    _draft(category, [each for each in found if each.code != code])


def move_question(*, actor: Actor, now: datetime, category_id: int, seen: str | None, code: str, up: bool) -> None:
    """Ask a question one place earlier or later. Raises NotAllowed, NotFound, Stale."""
    category = _to_edit(actor, category_id, seen)
    found = list(questions(category))
    at = next((place for place, each in enumerate(found) if each.code == code), None)
    if at is None:
        raise NotFound
    to = min(max(at + (-1 if up else 1), 0), len(found) - 1)
    found.insert(to, found.pop(at))
    _draft(category, found)


def publish(*, actor: Actor, now: datetime, category_id: int, seen: str | None) -> None:
    """From now on reporters are asked what the draft says.

    Raises NotAllowed, NotFound, Stale, Conflict (no draft), Rejected.
    """
    category = _to_edit(actor, category_id, seen)
    if category.draft is None:
        raise Conflict(NOTHING)
    for question in questions(category):
        _check(category, question)
    before, asked = category.version, category.draft
    category.draft = None
    write(category, actor=actor, now=now, questions=asked)
    audit.record(
        actor,
        "category.publish",
        "category",
        category.id,
        now=now,
        before={"version": before},
        after={"version": category.version, "questions": [each["code"] for each in asked]},
    )


def discard(*, actor: Actor, now: datetime, category_id: int, seen: str | None) -> None:
    """Forget the draft: reporters go on being asked what they are asked now. Raises NotAllowed, NotFound, Stale."""
    category = _to_edit(actor, category_id, seen)
    category.draft = None
    db.session.flush()


def _to_edit(actor: Actor, category_id: int, seen: str | None) -> Category:
    permit(actor, policies.may_edit_catalogue)
    category = held(Category, category_id, Category.valid_to.is_(None), Category.trade_id.is_not(None))
    present = mark(category)
    if seen not in (None, present):
        said = _l("Somebody else has changed these questions. Look at them again.")
        raise Stale(said, current={"version": present})
    return category


def _draft(category: Category, found: Sequence[Question]) -> None:
    data = [each.to_data() for each in found]
    asked = current(category)
    category.draft = None if asked is not None and asked.questions == data else data
    db.session.flush()


def _check(category: Category, question: Question) -> None:
    """Raises Rejected for a question that cannot be asked (`_faults`)."""
    if faults := _faults(category, question):
        raise Rejected(fields=faults)


def _faults(category: Category, question: Question) -> dict[str, Any]:
    """What is wrong with a question nobody could answer, or whose danger names nobody to call."""
    fields: dict[str, Any] = {}
    chosen = question.kind in (rules.Kind.CHOICE, rules.Kind.SEVERAL)
    if chosen and len(question.options) < (2 if question.kind is rules.Kind.CHOICE else 1):
        fields["options"] = _l("Give at least two answers to choose from.")
    elif len({each.code for each in question.options}) != len(question.options):
        fields["options"] = _l("Two answers have the same code.")
    if question.low is not None and question.high is not None and question.low > question.high:
        fields["high"] = _l("The highest number cannot lie below the lowest.")
    if question.can_stop and not (question.phone or category.emergency_phone):
        fields["phone"] = _l("Give the number people should call first.")
    if question.can_stop and not question.stop:
        fields["stop_zh"] = _l("Say what to do instead of sending the form.")
    return fields


def _all_questions(category_id: int) -> Sequence[Sequence[Mapping[str, Any]]]:
    return db.session.scalars(select(CategoryVersion.questions).where(CategoryVersion.category_id == category_id)).all()
