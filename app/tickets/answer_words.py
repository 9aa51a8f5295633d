"""Questions, answers and demands of a category in the reader's language: for forms, pages of a ticket, the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import format_decimal
from flask_babel import gettext as _

from app.core import words
from app.core.i18n import locale
from app.tickets.rules import demands as demand_rules
from app.tickets.rules import questions as rules
from app.tickets.rules.questions import Kind, Question


@dataclass(slots=True)
class Problem:
    """One thing that can be reported, with what its category asks and says in the reader's language."""

    id: int
    code: str
    label: str
    emergency: bool
    phone: str | None
    hint: str
    price: str = ""
    questions: tuple[Question, ...] = ()

    @property
    def says_more(self) -> bool:
        """There is something to read or to answer once it is chosen."""
        return bool(self.hint or self.price or self.questions)

    def field(self, code: str) -> str:
        """The name of a question's field; with the category's id, since the form carries those of every category."""
        return f"a{self.id}_{code}"

    @staticmethod
    def options(question: Question) -> list[dict[str, Any]]:
        """The answers to choose from, in the reader's language."""
        if question.kind is Kind.YES_NO:
            said = ((rules.YES, str(_("Yes"))), (rules.NO, str(_("No"))))
            return [{"code": code, "label": label, "stops": question.stops_on == code} for code, label in said]
        tag = locale()
        return [
            {"code": each.code, "label": words.text(each.label, tag), "stops": each.stops} for each in question.options
        ]


@dataclass(frozen=True, slots=True)
class Line:
    """One answered question in words."""

    code: str
    question: str
    text: str
    value: Any


def lines(asked: Iterable[Mapping[str, Any]] | None, answers: Mapping[str, Any] | None) -> list[Line]:
    """What was answered, in the order in which it was asked. `asked`: the questions of the version they belong to."""
    given = answers or {}
    tag = locale()
    return [
        Line(each.code, words.text(each.label, tag), text(each, given[each.code]), given[each.code])
        for each in rules.read_all(asked)
        if each.code in given
    ]


def said(row: Any) -> list[tuple[str, str]]:
    """The same as pairs of question and answer, for the page of a ticket or of its order."""
    return [(each.question, each.text) for each in lines(row.asked, row.answers)]


def text(question: Question, value: Any) -> str:
    """A stored answer in words."""
    if question.kind in (Kind.CHOICE, Kind.SEVERAL):
        chosen = value if isinstance(value, list) else [value]
        named = {option.code: words.text(option.label, locale()) for option in question.options}
        return str(_(", ")).join(named.get(code) or str(code) for code in chosen)
    if question.kind is Kind.YES_NO:
        return str(_("Yes") if value else _("No"))
    if question.kind is Kind.PHOTO:
        return str(_("Sent with the report"))
    if question.kind is Kind.NUMBER:
        unit = words.text(question.unit, locale())
        return f"{format_decimal(value)} {unit}".strip()
    return str(value)


def for_api(asked: Sequence[Question], usual_phone: str | None) -> list[dict[str, Any]]:
    """The questions of a category as `GET /categories` shows them."""
    tag = locale()
    return [
        {
            "code": each.code,
            "kind": each.kind.value,
            "label": words.text(each.label, tag),
            "hint": words.text(each.hint, tag) or None,
            "required": each.required,
            "options": [
                {"code": option.code, "label": words.text(option.label, tag), "stops": option.stops}
                for option in each.options
            ],
            "stops_on": each.stops_on,
            "stop": words.text(each.stop, tag) or None,
            "phone": (each.phone or usual_phone) if each.can_stop else None,
            "unit": words.text(each.unit, tag) or None,
            "low": each.low,
            "high": each.high,
        }
        for each in asked
    ]


def demands(made: Mapping[str, Any] | None) -> list[str]:
    """What the work has to show, in words: the demands, then the points to tick off."""
    found = [str(_(demand_rules.DEMAND_LABELS[code])) for code in demand_rules.demanded(made)]
    return found + [words.text(point, locale()) for point in demand_rules.checklist(made)]
