"""Reading knowledge answers: by what somebody types, by the fault he is about to report, for their writers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, Text, and_, case, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.core import paging
from app.core.db import db
from app.portal.models import Answer, AnswerVote
from app.portal.rules.answers import needed, pairs
from app.tickets.rules.grams import terms

HINTS_AT_MOST = 3


def _votes(helpful: bool) -> Any:
    return (
        select(func.count())
        .select_from(AnswerVote)
        .where(
            AnswerVote.institution_id == Answer.institution_id,
            AnswerVote.answer_id == Answer.id,
            AnswerVote.helpful == helpful,
        )
        .correlate(Answer)
        .scalar_subquery()
    )


_COLUMNS: tuple[Any, ...] = (
    Answer.id,
    Answer.title,
    Answer.body,
    Answer.keywords,
    Answer.categories,
    Answer.position,
    Answer.published,
    Answer.valid_to,
    Answer.version,
    Answer.changed_at,
    _votes(True).label("helped"),
    _votes(False).label("failed"),
)
NAMES: tuple[str, ...] = tuple(column.key for column in _COLUMNS)

_SHOWN = and_(Answer.published, Answer.valid_to.is_(None))


def _found(column: Any, word: str) -> ColumnElement[bool]:
    """A word occurs; of a longer Chinese one half of its pairs of characters (`rules.answers.fits` in SQL)."""
    whole: ColumnElement[bool] = column.contains(word, autoescape=True)
    wanted = pairs(word)
    if not wanted:
        return whole
    hits = [case((column.contains(pair, autoescape=True), 1), else_=0) for pair in wanted]
    return or_(whole, sum(hits[1:], hits[0]) >= needed(len(wanted)))


def find(q: str = "", *, category: str | None = None, cursor: str | None = None, limit: int = 50) -> paging.Page[Any]:
    """Those shown; with words the ones that hold all of them, best first: in the title, then anywhere."""
    query = select(*_COLUMNS).where(_SHOWN)
    if category:
        query = query.where(Answer.categories.contains(literal([category], ARRAY(Text))))
    words = terms(q)
    ranks = [case((_found(Answer.headline, word), 0), else_=1) for word in words]
    rank: Any = sum(ranks[1:], ranks[0]) if ranks else literal(0, Integer)
    for word in words:
        query = query.where(_found(Answer.search, word))
    keys: list[tuple[str, Any]] = [("position", Answer.position.asc()), ("id", Answer.id.asc())]
    query = query.add_columns(rank.label("rank"))
    return paging.page(query, [("rank", rank.asc()), *keys] if words else keys, cursor, limit)


def hints(codes: Collection[str]) -> Sequence[Any]:
    """What is worth trying before one of these categories is reported, the nearest category first."""
    if not codes:
        return []
    nearest = case(*((Answer.categories.contains(literal([code], ARRAY(Text))), at) for at, code in enumerate(codes)))
    return db.session.execute(
        select(*_COLUMNS)
        .where(_SHOWN, Answer.categories.overlap(literal(list(codes), ARRAY(Text))))
        .order_by(nearest, Answer.position, Answer.id)
        .limit(HINTS_AT_MOST)
    ).all()


def one(answer_id: int) -> Any:
    """An answer that is shown; else None."""
    return db.session.execute(select(*_COLUMNS).where(Answer.id == answer_id, _SHOWN)).first()


def vote_of(answer_id: int, person_id: int) -> bool | None:
    """What somebody said of an answer."""
    return db.session.scalar(
        select(AnswerVote.helpful).where(AnswerVote.answer_id == answer_id, AnswerVote.person_id == person_id)
    )


def desk(q: str, *, cursor: str | None = None, limit: int = 50) -> paging.Page[Any]:
    """All that are not closed, drafts too, in their order."""
    query = select(*_COLUMNS).where(Answer.valid_to.is_(None))
    for word in terms(q):
        query = query.where(_found(Answer.search, word))
    return paging.page(query, [("position", Answer.position.asc()), ("id", Answer.id.asc())], cursor, limit)
