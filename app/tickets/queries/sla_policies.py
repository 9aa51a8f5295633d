"""Policies as those who govern them see them: what is in force, by what it is used, every version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, func, select

from app.accounts.models import Person
from app.core.db import db
from app.core.versions.series import SHOWN, Series
from app.tickets.models import Category, CategoryVersion, SlaPolicy, SlaPolicyDraft, SlaPolicyVersion

POLICIES: Final = Series(
    SlaPolicy,
    SlaPolicyVersion,
    SlaPolicyDraft,
    overtaken=_l("Somebody else has published this service level in the meantime. Look at it again."),
    taken=_l("There is a service level with this code already."),
)
policy, draft, desk, known = POLICIES.head, POLICIES.draft, POLICIES.desk, POLICIES.known
in_force, version = POLICIES.in_force, POLICIES.version


def policies() -> Sequence[Any]:
    """The policies that can be chosen, the usual one first, each with its version in force and its draft."""
    return POLICIES.listed(SlaPolicy.usual, by=(SlaPolicy.usual.desc(), SlaPolicy.code, SlaPolicy.id))


def versions(policy_id: int, limit: int = SHOWN) -> Sequence[Any]:
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
    rows = db.session.execute(select(chosen.c.code, func.count().label("number")).group_by(chosen.c.code))
    return {row.code: row.number for row in rows}
