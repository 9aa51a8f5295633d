"""Reading knowledge answers: by what somebody types, by the fault he is about to report, for their writers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, Text, and_, case, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.core import paging
from app.core.db import db
from app.portal.models import Answer, AnswerVote
from app.portal.rules.answers import begins, looked_for, missable, needed, pairs

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
    beginning = begins(word)
    whole: ColumnElement[bool] = column.regexp_match(beginning) if beginning else column.contains(word, autoescape=True)
    wanted = pairs(word)
    if not wanted:
        return whole
    hits = [case((column.contains(pair, autoescape=True), 1), else_=0) for pair in wanted]
    return or_(whole, sum(hits[1:], hits[0]) >= needed(len(wanted)))


def _missing(column: Any, words: Sequence[str]) -> Any:
    """How many of the words a text does not hold."""
    each = [case((_found(column, word), 0), else_=1) for word in words]
    return sum(each[1:], each[0]) if each else literal(0, Integer)


def _nearest(words: Sequence[str], among: ColumnElement[bool]) -> ColumnElement[bool]:
    """The answers that hold all the words; where none does, those that hold the most, at least half of them."""
    missing = _missing(Answer.search, words)
    fewest = 0
    if missable(len(words)):
        found = select(func.min(missing)).where(among, missing <= missable(len(words)))
        fewest = db.session.scalar(found) or 0
    nearest: ColumnElement[bool] = missing == fewest
    return nearest


def find(q: str = "", *, category: str | None = None, cursor: str | None = None, limit: int = 50) -> paging.Page[Any]:
    """Those shown; with words the nearest, best first: in the title, then anywhere.

    `missing` of a row: how many of the words it does not hold. One statement, one more with several words.
    """
    shown = _SHOWN
    if category:
        shown = and_(shown, Answer.categories.contains(literal([category], ARRAY(Text))))
    words = looked_for(q)
    query = select(*_COLUMNS).where(shown)
    if words:
        query = query.where(_nearest(words, shown))
    rank = _missing(Answer.headline, words)
    keys: list[tuple[str, Any]] = [("position", Answer.position.asc()), ("id", Answer.id.asc())]
    query = query.add_columns(rank.label("rank"), _missing(Answer.search, words).label("missing"))
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
    kept = Answer.valid_to.is_(None)
    query = select(*_COLUMNS).where(kept)
    if words := looked_for(q):
        query = query.where(_nearest(words, kept))
    return paging.page(query, [("position", Answer.position.asc()), ("id", Answer.id.asc())], cursor, limit)
