"""Policies as those who govern them see them: what is in force, by what it is used, every version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, func, select

from app.accounts.models import Person
from app.core.db import db
from app.core.errors import NotFound
from app.tickets.models import Category, CategoryVersion, SlaPolicy, SlaPolicyVersion

MOST = 200


def policies() -> Sequence[Any]:
    """The policies that can be chosen, the usual one first, each with its version in force."""
    newest = (
        select(SlaPolicyVersion.policy_id, func.max(SlaPolicyVersion.number).label("number"))
        .group_by(SlaPolicyVersion.policy_id)
        .subquery()
    )
    return db.session.execute(
        select(
            SlaPolicy.id,
            SlaPolicy.code,
            SlaPolicy.name,
            SlaPolicy.usual,
            SlaPolicyVersion.id.label("version_id"),
            SlaPolicyVersion.number,
            SlaPolicyVersion.published_at,
            SlaPolicyVersion.note,
            SlaPolicyVersion.content,
        )
        .join(newest, newest.c.policy_id == SlaPolicy.id)
        .join(
            SlaPolicyVersion,
            and_(
                SlaPolicyVersion.institution_id == SlaPolicy.institution_id,
                SlaPolicyVersion.policy_id == SlaPolicy.id,
                SlaPolicyVersion.number == newest.c.number,
            ),
        )
        .where(SlaPolicy.valid_to.is_(None))
        .order_by(SlaPolicy.usual.desc(), SlaPolicy.code, SlaPolicy.id)
        .limit(MOST)
    ).all()


def policy(policy_id: int, *, lock: bool = False) -> SlaPolicy:
    """A policy that can be chosen. Raises NotFound."""
    query = select(SlaPolicy).where(SlaPolicy.id == policy_id, SlaPolicy.valid_to.is_(None))
    found = db.session.scalars(query.with_for_update(key_share=True) if lock else query).first()
    if found is None:
        raise NotFound
    return found


def in_force(policy_id: int) -> SlaPolicyVersion:
    """The newest version of a policy. Raises NotFound."""
    return version(policy_id, None)


def version(policy_id: int, number: int | None) -> SlaPolicyVersion:
    """A version by its number; None: the newest. Raises NotFound."""
    query = select(SlaPolicyVersion).where(SlaPolicyVersion.policy_id == policy_id)
    if number is not None:
        query = query.where(SlaPolicyVersion.number == number)
    found = db.session.scalars(query.order_by(SlaPolicyVersion.number.desc()).limit(1)).first()
    if found is None:
        raise NotFound
    return found


def versions(policy_id: int, limit: int = 100) -> Sequence[Any]:
    """The versions with who published them, the newest first."""
    return db.session.execute(
        select(
            SlaPolicyVersion.id,
            SlaPolicyVersion.number,
            SlaPolicyVersion.note,
            SlaPolicyVersion.published_at,
            SlaPolicyVersion.published_by,
            SlaPolicyVersion.content,
            Person.name.label("published_by_name"),
        )
        .outerjoin(
            Person,
            and_(Person.institution_id == SlaPolicyVersion.institution_id, Person.id == SlaPolicyVersion.published_by),
        )
        .where(SlaPolicyVersion.policy_id == policy_id)
        .order_by(SlaPolicyVersion.number.desc())
        .limit(limit)
    ).all()


def _chosen() -> Any:
    """Open categories with the code of the policy their version in force names."""
    return (
        select(Category.id, Category.name, CategoryVersion.sla_policy.label("code"))
        .join(
            CategoryVersion,
            and_(
                CategoryVersion.institution_id == Category.institution_id,
                CategoryVersion.category_id == Category.id,
                CategoryVersion.number == Category.version,
            ),
        )
        .where(Category.valid_to.is_(None), CategoryVersion.sla_policy.is_not(None))
    )


def categories(code: str, limit: int = 100) -> Sequence[Any]:
    """(id, name) of the open categories that name a policy."""
    return db.session.execute(
        _chosen().where(CategoryVersion.sla_policy == code).order_by(Category.position, Category.id).limit(limit)
    ).all()


def used() -> Mapping[str, int]:
    """Code of a policy → how many open categories name it."""
    chosen = _chosen().subquery()
    rows = db.session.execute(select(chosen.c.code, func.count()).group_by(chosen.c.code))
    return {code: count for code, count in rows}  # noqa: C416 - dict() of rows is not typed


def known(code: str) -> bool:
    """Whether a policy of this code can be chosen."""
    return (
        db.session.scalar(select(SlaPolicy.id).where(SlaPolicy.code == code, SlaPolicy.valid_to.is_(None))) is not None
    )
