"""What the rules refuse, as the errors of the edge: fields to mend are 422, the rest says that the world is not so."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from app.core import words
from app.core.errors import Conflict, Rejected
from app.core.i18n import locale
from app.tickets.rules import guards, questions
from app.tickets.rules.workflow import TransitionRefused


def require(refusals: tuple[guards.Refusal, ...]) -> None:
    """Raise what is not met: Rejected with the fields to mend, else Conflict."""
    if not refusals:
        return
    fields = {refusal.field: _said(refusal) for refusal in refusals if refusal.field}
    blocking = next((refusal for refusal in refusals if refusal.field is None), None)
    if blocking is not None:
        raise Conflict(_l(blocking.message), code=blocking.guard.value.replace("_", "-"))
    raise Rejected(fields=fields)


def _said(refusal: guards.Refusal) -> Any:
    """The sentence of a refusal, naming what is missing in the reader's language."""
    if refusal.lack is None:
        return _l(refusal.message)
    points = refusal.lack.points
    named = LazyString(lambda: "; ".join(words.text(point, locale()) for point in points))
    return _l(refusal.message, **refusal.lack.values, points=named)


def refused(error: TransitionRefused) -> Conflict:
    """The refusal of a move the tables do not have."""
    return Conflict(_l(error.message), code=error.code.replace("_", "-"))


def fault(found: questions.Fault) -> Any:
    """Why an answer is not taken, in the reader's language."""
    return _l(found.message, **found.values)


def call_first(question: questions.Question, usual_phone: str | None) -> Rejected:
    """The refusal of an answer that means danger: nothing is filed, `phone` is to be called."""
    phone = question.phone or usual_phone or ""
    what = words.text(question.stop, locale())
    said = _l("%(what)s Call %(phone)s. Nothing was sent.", what=what, phone=phone)
    return Rejected(said, fields={f"answers.{question.code}": said}, code="call-first", phone=phone)
