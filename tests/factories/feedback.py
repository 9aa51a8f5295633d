"""Feedback for tests, taken down by the service."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from app.accounts.models import Person
from app.core import clock
from app.core.actor import Actor
from app.core.db import current_institution, db
from app.portal.models import Feedback, FeedbackAbout
from app.portal.rules.feedback import Kind
from app.portal.services.feedback import filing
from app.portal.services.feedback.filing import Said
from tests.factories import accounts

SECRET = "abcdefghijklmnopqrstuvwxyz"


def said(
    author: Person | None = None,
    kind: Kind = Kind.COMPLAINT,
    *,
    text: str = "水房的灯坏了一周没人管。",
    about: Iterable[Person] = (),
    at: datetime | None = None,
    secret: str = SECRET,
    **more: Any,
) -> Feedback:
    """What somebody said; without an author under a secret. `about`: people it is about, however they came to be."""
    actor = accounts.actor(author) if author is not None else Actor.anonymous(current_institution())
    made = filing.file(
        actor=actor,
        now=at or clock.now(),
        said=Said(kind=kind, text=text, lang="zh-CN", **more),
        secret=None if author is not None else secret,
    )
    db.session.add_all(FeedbackAbout(feedback_id=made.id, person_id=person.id, how="staff") for person in about)
    db.session.flush()
    return made
