"""The blueprint, and what every address of it shares: the form asked for, and refusals in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core import settings
from app.core.errors import DomainError, NotAllowed, NotFound, Rejected
from app.core.http import problems
from app.tickets.open311 import documents

blueprint = Blueprint("open311", __name__, url_prefix="/open311/v2")

ENABLED = settings.declare(
    "tickets.open311",
    True,
    kind=bool,
    words=_l("Requests in public places can be read by anybody through Open311"),
)


def speaks(view: Callable[..., Response]) -> Callable[..., Response]:
    """A view of `<form>` (json or xml) whose refusals are Open311's."""

    @wraps(view)
    def answered(*, form: str, **named: Any) -> Response:
        if form not in documents.FORMS:
            raise NotFound
        try:
            return view(form=form, **named)
        except DomainError as error:
            return documents.errors(form, _status(error), _sentences(error))

    return answered


def _status(error: DomainError) -> int:
    """GeoReport knows 400, 403 and 404; the other refusals keep their own."""
    return 400 if isinstance(error, Rejected) else error.status


def _sentences(error: DomainError) -> list[str]:
    fields = error.fields if isinstance(error, Rejected) else {}
    found = [_("%(field)s: %(problem)s", field=name, problem=each) for name, said in fields.items() for each in said]
    if error.message:
        found.insert(0, str(error.message))
    if isinstance(error, NotAllowed) and not found:
        found = [_("Send an api_key that may do this.")]
    return found or [str(problems.DETAILS.get(error.status, problems.DETAILS[400]))]
