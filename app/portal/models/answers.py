"""Knowledge answers, and whether they helped."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Dated, Tenant, ref
from app.core.words import Words


class Answer(Dated, Tenant):
    """What somebody can do himself, or should know. `categories` are codes, so a category renewed keeps its answers.

    `headline` (title, keywords, pinyin initials) and `search` (all of it) are folded texts to look in.
    """

    __tablename__ = "answer"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_from <= valid_to", name="validity"),
        Index("ix_answer_shown", "institution_id", "published", "position", "id"),
    )

    title: Mapped[dict[str, str]] = mapped_column(Words)
    body: Mapped[dict[str, str]] = mapped_column(Words)
    keywords: Mapped[str] = mapped_column(default="")
    categories: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    headline: Mapped[str]
    search: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    published: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime]


class AnswerVote(Tenant):
    """Whether an answer helped somebody; the last word of each person counts."""

    __tablename__ = "answer_vote"
    __table_args__ = (
        ref("answer", "answer_id"),
        ref("person", "person_id"),
        UniqueConstraint("institution_id", "answer_id", "person_id", name="uq_answer_vote"),
    )

    answer_id: Mapped[int] = mapped_column(BigInteger)
    person_id: Mapped[int] = mapped_column(BigInteger)
    helpful: Mapped[bool]
    at: Mapped[datetime]
