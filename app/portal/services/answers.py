"""Writing knowledge answers, and noting whether they helped."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.audit import labels
from app.core import pinyin
from app.core.actor import Actor
from app.core.db import current_institution, db
from app.core.errors import NotFound, Rejected
from app.portal.models import Answer, AnswerVote
from app.portal.queries import answers as queries
from app.portal.services.entries import Entries
from app.tickets.models import Category
from app.tickets.rules.grams import folded

labels.declare(
    verbs={
        "answer.write": _l("Wrote an answer"),
        "answer.change": _l("Changed an answer"),
        "answer.close": _l("Closed an answer"),
    },
    objects={"answer": _l("Answer")},
    names={"answer": labels.named_by(Answer.id, Answer.title)},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An answer as its writer puts it. `categories`: codes of what it helps with."""

    title: Mapping[str, str]
    body: Mapping[str, str]
    keywords: str = ""
    categories: tuple[str, ...] = ()
    position: int = 0
    published: bool = False


def vote(*, actor: Actor, now: datetime, answer_id: int, helpful: bool) -> None:
    """Whether it helped; a second word replaces the first. Raises NotFound."""
    if actor.id is None or queries.one(answer_id) is None:
        raise NotFound
    statement = insert(AnswerVote).values(
        institution_id=current_institution(), answer_id=answer_id, person_id=actor.id, helpful=helpful, at=now
    )
    db.session.execute(
        statement.on_conflict_do_update(
            constraint="uq_answer_vote", set_={"helpful": statement.excluded.helpful, "at": statement.excluded.at}
        )
    )


def written_of(answer: Answer) -> Written:
    """An answer as it could be written again."""
    return Written(
        title=answer.title,
        body=answer.body,
        keywords=answer.keywords,
        categories=tuple(answer.categories),
        position=answer.position,
        published=answer.published,
    )


def _check(written: Written) -> None:
    wrong = {}
    if not written.title:
        wrong["title_zh"] = _l("Give a title in at least one language.")
    if not written.body:
        wrong["body_zh"] = _l("Give the text in at least one language.")
    if set(written.categories) - _known(written.categories):
        wrong["categories"] = _l("Choose one of the offered values.")
    if wrong:
        raise Rejected(fields=wrong)


def _known(codes: Collection[str]) -> set[str]:
    """Those of the codes that are or were categories."""
    return set(db.session.scalars(select(Category.code).where(Category.code.in_(sorted(codes))))) if codes else set()


def _columns(written: Written, now: datetime) -> dict[str, object]:
    titles = " ".join(written.title.values())
    initials = " ".join(pinyin.initials(part) for part in (written.title.get("zh-CN", ""), *written.keywords.split()))
    headline = folded(titles, written.keywords, initials)
    return {
        "title": dict(written.title),
        "body": dict(written.body),
        "keywords": written.keywords,
        "categories": list(dict.fromkeys(written.categories)),
        "position": written.position,
        "published": written.published,
        "headline": headline,
        "search": folded(headline, *written.body.values()),
        "changed_at": now,
    }


ANSWERS = Entries(kind="answer", model=Answer, check=_check, columns=_columns, text_of=written_of)
"""Refused beside the fields `title_zh`, `body_zh`, `categories`."""
