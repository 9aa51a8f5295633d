"""What a category asks of its reporter: the questions, what a valid answer is, and the answers that stop the form.

A question has words in every language of the product. Some answers mean danger: then nothing is filed before the
number beside it has been called ("gas smells" is no repair request). Answers are stored as codes and plain values,
beside the version of the category they were asked by, and put into words where they are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import count
from typing import Any, Final

from app.tickets.rules.messages import gettext_noop

Texts = Mapping[str, str]

TEXT_LIMIT: Final = 500
"""Longest answer in words, in characters."""
QUESTIONS_AT_MOST: Final = 12
OPTIONS_AT_MOST: Final = 12
NUMBER_BOUND: Final = 1_000_000
DECIMALS: Final = 3


class Kind(StrEnum):
    """How a question is answered."""

    CHOICE = "choice"
    SEVERAL = "several"
    YES_NO = "yes_no"
    NUMBER = "number"
    TEXT = "text"
    PHOTO = "photo"


KIND_LABELS: Final[dict[Kind, str]] = {
    Kind.CHOICE: gettext_noop("One of several answers"),
    Kind.SEVERAL: gettext_noop("Several answers may fit"),
    Kind.YES_NO: gettext_noop("Yes or no"),
    Kind.NUMBER: gettext_noop("A number"),
    Kind.TEXT: gettext_noop("A few words"),
    Kind.PHOTO: gettext_noop("A photo"),
}

YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose; `stops`: whoever gives it is to call first, nothing is filed."""

    code: str
    label: Texts
    stops: bool = False

    def to_data(self) -> dict[str, Any]:
        return {"code": self.code, "label": dict(self.label), "stops": self.stops}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question. `low`, `high`, `unit` are a number's, `stops_on` ("yes", "no") that of a yes-or-no question.

    `stop` says what to do instead of filing, `phone` whom to call; both speak for every answer that stops.
    """

    code: str
    kind: Kind
    label: Texts
    hint: Texts | None = None
    required: bool = False
    options: tuple[Option, ...] = ()
    stops_on: str | None = None
    stop: Texts | None = None
    phone: str | None = None
    unit: Texts | None = None
    low: float | None = None
    high: float | None = None

    @property
    def can_stop(self) -> bool:
        """Some answer to it ends the form."""
        return self.stops_on is not None or any(option.stops for option in self.options)

    def as_its_kind(self) -> Question:
        """The same without what its kind does not have; what stops is said only where an answer can stop."""
        chosen, number = self.kind in (Kind.CHOICE, Kind.SEVERAL), self.kind is Kind.NUMBER
        kept = replace(
            self,
            options=self.options if chosen else (),
            stops_on=self.stops_on if self.kind is Kind.YES_NO else None,
            unit=self.unit if number else None,
            low=self.low if number else None,
            high=self.high if number else None,
        )
        return kept if kept.can_stop else replace(kept, stop=None, phone=None)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Question:
        """The question as it is stored with a version of its category."""
        options = tuple(Option(each["code"], each["label"], bool(each.get("stops"))) for each in data["options"])
        rest = {name: data.get(name) for name in ("hint", "stops_on", "stop", "phone", "unit", "low", "high")}
        return cls(
            code=data["code"],
            kind=Kind(data["kind"]),
            label=data["label"],
            required=bool(data.get("required")),
            options=options,
            **rest,
        )

    def to_data(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "kind": self.kind.value,
            "label": dict(self.label),
            "hint": dict(self.hint) if self.hint else None,
            "required": self.required,
            "options": [option.to_data() for option in self.options],
            "stops_on": self.stops_on,
            "stop": dict(self.stop) if self.stop else None,
            "phone": self.phone,
            "unit": dict(self.unit) if self.unit else None,
            "low": self.low,
            "high": self.high,
        }


def coded(options: Iterable[Option], used: Iterable[str]) -> tuple[Option, ...]:
    """The answers, those without a code with a new one; the others keep theirs, and so what was answered.

    `used`: the codes the question ever had. None is given anew, not even that of an answer that is gone: a form opened
    before still sends it.
    """
    given = tuple(options)
    taken = {*used, *(each.code for each in given)}
    fresh = (code for number in count(1) if (code := f"o{number}") not in taken)
    return tuple(each if each.code else replace(each, code=next(fresh)) for each in given)


def read_all(data: Iterable[Mapping[str, Any]] | None) -> tuple[Question, ...]:
    """The questions of a version, in their order; none where there is no version."""
    return tuple(Question.from_data(each) for each in data or ())


def without_photos(questions: Iterable[Question]) -> tuple[Question, ...]:
    """What is asked of somebody who cannot send photos: without sign-in."""
    return tuple(each for each in questions if each.kind is not Kind.PHOTO)


UNKNOWN: Final = gettext_noop("This is not asked here.")
MISSING: Final = gettext_noop("Please answer this.")
NOT_OFFERED: Final = gettext_noop("Choose one of the offered values.")
NOT_YES_NO: Final = gettext_noop("Answer yes or no.")
NOT_A_NUMBER: Final = gettext_noop("Give a number.")
TOO_LOW: Final = gettext_noop("Give a number of at least %(low)s.")
TOO_HIGH: Final = gettext_noop("Give a number of at most %(high)s.")
TOO_EXACT: Final = gettext_noop("Give at most three decimals.")
TOO_LONG: Final = gettext_noop("This is too long: at most %(max)s characters.")
PHOTO_MISSING: Final = gettext_noop("A photo helps us bring the right part. Please add one.")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an answer is not taken: a message id and its values."""

    message: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Answers:
    """What was answered: values by question code, what is wrong by code, and the question whose answer stops."""

    values: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    stopped: Question | None = None


def answered(questions: Sequence[Question], given: Mapping[str, Any], *, photos: int | None = None) -> Answers:
    """Judge the answers in `given` (by code) to `questions`.

    `photos` is how many photos come with the report; None: they follow later, and a demanded photo is promised by
    answering true. An answer that stops is looked for first: nobody is asked for more while there is danger.
    """
    found = Answers()
    known = {question.code for question in questions}
    found.faults = {code: Fault(UNKNOWN) for code in given if code not in known}
    for question in questions:
        said = given.get(question.code)
        if question.kind is Kind.PHOTO and photos is not None:
            said = photos > 0
        value, fault = _judge(question, said)
        if fault is not None:
            found.faults[question.code] = fault
        elif value is not None:
            found.values[question.code] = value
            if found.stopped is None and stops(question, value):
                found.stopped = question
    return found


def stops(question: Question, value: Any) -> bool:
    """Whether a (valid) answer ends the form."""
    if question.kind is Kind.YES_NO:
        return question.stops_on == (YES if value else NO)
    chosen = value if isinstance(value, list) else [value]
    return any(option.stops and option.code in chosen for option in question.options)


def _judge(question: Question, said: Any) -> tuple[Any, Fault | None]:
    """The value to store, or what is wrong; (None, None) where nothing was said and nothing had to be."""
    if said is None or said in ("", []) or (question.kind is Kind.PHOTO and said is False):
        missing = PHOTO_MISSING if question.kind is Kind.PHOTO else MISSING
        return None, Fault(missing) if question.required else None
    return _JUDGES[question.kind](question, said)


def _choice(question: Question, said: Any) -> tuple[Any, Fault | None]:
    known = [option.code for option in question.options]
    return (said, None) if isinstance(said, str) and said in known else (None, Fault(NOT_OFFERED))


def _several(question: Question, said: Any) -> tuple[Any, Fault | None]:
    known = [option.code for option in question.options]
    given = [said] if isinstance(said, str) else said
    if not isinstance(given, list) or any(not isinstance(each, str) or each not in known for each in given):
        return None, Fault(NOT_OFFERED)
    return [code for code in known if code in given], None


def _yes_no(question: Question, said: Any) -> tuple[Any, Fault | None]:
    if isinstance(said, bool):
        return said, None
    word = said.strip().lower() if isinstance(said, str) else ""
    return (word == YES, None) if word in (YES, NO) else (None, Fault(NOT_YES_NO))


def _number(question: Question, said: Any) -> tuple[Any, Fault | None]:
    number = _read_number(said)
    if number is None:
        return None, Fault(NOT_A_NUMBER)
    if round(number, DECIMALS) != number:
        return None, Fault(TOO_EXACT)
    low = question.low if question.low is not None else -NUMBER_BOUND
    high = question.high if question.high is not None else NUMBER_BOUND
    if number < low:
        return None, Fault(TOO_LOW, {"low": plain_number(low)})
    if number > high:
        return None, Fault(TOO_HIGH, {"high": plain_number(high)})
    return int(number) if number == int(number) else number, None


def _read_number(said: Any) -> float | None:
    """A finite number; text is read with a point or a comma before the decimals."""
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return None
    try:
        number = float(said.strip().replace(",", ".")) if isinstance(said, str) else float(said)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < float("inf") else None


def plain_number(number: float) -> str:
    """A number without a needless decimal point."""
    return str(int(number)) if number == int(number) else str(number)


def _text(question: Question, said: Any) -> tuple[Any, Fault | None]:
    if not isinstance(said, str):
        return None, Fault(NOT_OFFERED)
    if len(said) > TEXT_LIMIT:
        return None, Fault(TOO_LONG, {"max": TEXT_LIMIT})
    return said, None


def _photo(question: Question, said: Any) -> tuple[Any, Fault | None]:
    return (True, None) if said is True else (None, Fault(NOT_YES_NO))


_JUDGES: Final = {
    Kind.CHOICE: _choice,
    Kind.SEVERAL: _several,
    Kind.YES_NO: _yes_no,
    Kind.NUMBER: _number,
    Kind.TEXT: _text,
    Kind.PHOTO: _photo,
}
