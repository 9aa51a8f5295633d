"""Tables of people, rights and sign-in."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from app.core import references
from app.core.db import Dated, Tenant, code_in_force, ref, to_one
from app.core.words import Words

SCOPE_KINDS = ("institution", "campus", "building", "crew", "org", "own")
IDENTIFIER_KINDS = ("student_no", "staff_no", "identity_document")
ORG_KINDS = ("college", "major", "class", "year", "department")


class Person(Dated, Tenant):
    """Somebody who has to do with the institution, with or without an account.

    The account is local: `username` and `password_hash` (argon2id) are None for those who cannot sign in.
    `valid_to` ends the account on that day. `search` holds name, numbers and pinyin initials, lower case.
    """

    __tablename__ = "person"
    __table_args__ = (
        ref("person", "merged_into_id"),
        CheckConstraint("locale IS NULL OR locale IN ('zh-CN', 'en')", name="locale"),
        CheckConstraint("sex IN ('M', 'F', 'U')", name="sex"),
        Index("uq_person_username", "institution_id", text("lower(username)"), unique=True),
        Index("ix_person_name", "institution_id", "sort_key", "id"),
    )

    name: Mapped[str]
    lang: Mapped[str] = mapped_column(default="zh-CN")
    sort_key: Mapped[str] = mapped_column(default="")
    search: Mapped[str] = mapped_column(default="")
    sex: Mapped[str] = mapped_column(default="U")  # GB/T 2261.1: 1 → M, 2 → F, 0 and 9 → U
    birth_date: Mapped[date | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    locale: Mapped[str | None]
    username: Mapped[str | None]
    password_hash: Mapped[str | None]
    password_changed_at: Mapped[datetime | None]
    must_change_password: Mapped[bool] = mapped_column(default=False)  # set by others: only a first door
    disabled_at: Mapped[datetime | None]
    missing_since: Mapped[datetime | None]  # absent from a register inside its declared extent
    merged_into_id: Mapped[int | None] = mapped_column(BigInteger)


class PersonIdentifier(Dated, Tenant):
    """A dated number of a person. Identity documents are kept as keyed hash and last four only (dorms-rules E)."""

    __tablename__ = "person_identifier"
    __table_args__ = (
        ref("person", "person_id"),
        CheckConstraint(f"kind IN {IDENTIFIER_KINDS}", name="kind"),
        Index(
            "uq_person_identifier_valid",
            "institution_id",
            "kind",
            "value",
            unique=True,
            postgresql_where=text("valid_to IS NULL"),
        ),
        Index("ix_person_identifier_person", "institution_id", "person_id"),
    )

    person_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    value: Mapped[str]  # the number; of an identity document `<type>:<hex of keyed hash>`
    last_four: Mapped[str | None]


class PersonHome(Tenant):
    """Where somebody lives, by date; at most one place at a time. `during` is [from, to)."""

    __tablename__ = "person_home"
    __table_args__ = (
        ref("person", "person_id"),
        ref("place", "place_id"),
        ExcludeConstraint(
            ("institution_id", "="), ("person_id", "="), ("during", "&&"), name="ex_person_home_one_at_a_time"
        ),
        Index("ix_person_home_place", "institution_id", "place_id"),
    )

    person_id: Mapped[int] = mapped_column(BigInteger)
    place_id: Mapped[int] = mapped_column(BigInteger)
    during: Mapped[Range[date]] = mapped_column(DATERANGE)

    place = to_one("PersonHome.place_id", "Place")


class OrgUnit(Dated, Tenant):
    """College, major, class, year or department; a dated tree."""

    __tablename__ = "org_unit"
    __table_args__ = (
        ref("org_unit", "parent_id"),
        CheckConstraint(f"kind IN {ORG_KINDS}", name="kind"),
        code_in_force("org_unit"),
    )

    kind: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(BigInteger)
    code: Mapped[str]
    name: Mapped[str]


class OrgMembership(Tenant):
    """A person in an org unit by date; a list moves her from the last of a kind, others stay."""

    __tablename__ = "org_membership"
    __table_args__ = (
        ref("person", "person_id"),
        ref("org_unit", "org_unit_id"),
        ExcludeConstraint(
            ("institution_id", "="),
            ("person_id", "="),
            ("org_unit_id", "="),
            ("during", "&&"),
            name="ex_org_membership_once_at_a_time",
        ),
        Index("ix_org_membership_unit", "institution_id", "org_unit_id"),
    )

    person_id: Mapped[int] = mapped_column(BigInteger)
    org_unit_id: Mapped[int] = mapped_column(BigInteger)
    during: Mapped[Range[date]] = mapped_column(DATERANGE)


class Crew(Dated, Tenant):
    """A crew of the own house or of a contractor."""

    __tablename__ = "crew"
    __table_args__ = (code_in_force("crew"),)

    code: Mapped[str]
    name: Mapped[dict[str, str]] = mapped_column(Words)
    contractor: Mapped[bool] = mapped_column(default=False)


class CrewMember(Dated, Tenant):
    """Who belongs to which crew, by date."""

    __tablename__ = "crew_member"
    __table_args__ = (
        ref("crew", "crew_id"),
        ref("person", "person_id"),
        Index("ix_crew_member_person", "institution_id", "person_id"),
        Index("ix_crew_member_crew", "institution_id", "crew_id"),
        Index(
            "uq_crew_member_valid",
            "institution_id",
            "crew_id",
            "person_id",
            unique=True,
            postgresql_where=text("valid_to IS NULL"),
        ),
    )

    crew_id: Mapped[int] = mapped_column(BigInteger)
    person_id: Mapped[int] = mapped_column(BigInteger)


class Role(Dated, Tenant):
    """A named set of permissions; the seeds are in `rules/roles.py`, institutions may change them.

    `seed` remembers the seed's permissions at the last synchronising, so that a new release adds and removes what
    changed in the seed and leaves alone what the institution changed. None for an institution's own role.
    """

    __tablename__ = "role"
    __table_args__ = (UniqueConstraint("institution_id", "code", name="uq_role_code"),)

    code: Mapped[str]
    name: Mapped[dict[str, str]] = mapped_column(Words)
    permissions: Mapped[list[Any]] = mapped_column(default=list)
    seed: Mapped[list[Any] | None]
    staff: Mapped[bool] = mapped_column(default=True)  # shorter sessions, later a second factor


class RoleGrant(Dated, Tenant):
    """A person holds a role in a scope. `scope_id` is a place, crew or org unit, None for institution and own."""

    __tablename__ = "role_grant"
    __table_args__ = (
        ref("person", "person_id"),
        ref("role", "role_id"),
        CheckConstraint(f"scope_kind IN {SCOPE_KINDS}", name="scope_kind"),
        CheckConstraint("(scope_id IS NULL) = (scope_kind IN ('institution', 'own'))", name="scope_id"),
        Index("ix_role_grant_person", "institution_id", "person_id"),
        Index(
            "uq_role_grant_valid",
            "institution_id",
            "person_id",
            "role_id",
            "scope_kind",
            func.coalesce(text("scope_id"), 0),
            unique=True,
            postgresql_where=text("valid_to IS NULL"),
        ),
    )

    person_id: Mapped[int] = mapped_column(BigInteger)
    role_id: Mapped[int] = mapped_column(BigInteger)
    scope_kind: Mapped[str]
    scope_id: Mapped[int | None] = mapped_column(BigInteger)
    granted_by: Mapped[int | None] = mapped_column(BigInteger)

    role = to_one("RoleGrant.role_id", "Role")


class LoginSession(Tenant):
    """A signed-in browser: server-side, revocable. The cookie carries a secret whose hash stands here."""

    __tablename__ = "login_session"
    __table_args__ = (
        ref("person", "person_id"),
        UniqueConstraint("institution_id", "token_hash", name="uq_login_session_token_hash"),
        Index("ix_login_session_person", "institution_id", "person_id"),
    )

    person_id: Mapped[int] = mapped_column(BigInteger)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    idle_seconds: Mapped[int]
    ends_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    address: Mapped[str | None]
    device: Mapped[str | None]


class ApiToken(Tenant):
    """A bearer token, stored hashed; `scopes` narrows it to some of its person's permissions (None: all)."""

    __tablename__ = "api_token"
    __table_args__ = (
        ref("person", "person_id"),
        UniqueConstraint("institution_id", "token_hash", name="uq_api_token_token_hash"),
        Index("ix_api_token_person", "institution_id", "person_id"),
    )

    person_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[Any] | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SignInFailure(Tenant):
    """Failed sign-ins, counted per account name and per address (fails closed: PostgreSQL, not the limiter)."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (
        Index("ix_sign_in_failure_username", "institution_id", "username", "at"),
        Index("ix_sign_in_failure_address", "institution_id", "address", "at"),
    )

    username: Mapped[str]
    address: Mapped[str]
    at: Mapped[datetime]


references.declare(
    {
        "api_token": _l("access token"),
        "crew_member": _l("membership in a crew"),
        "login_session": _l("sign-in"),
        "org_membership": _l("membership in a unit"),
        "org_unit": _l("unit below"),
        "person": _l("merged account"),
        "person_home": _l("home of a person"),
        "person_identifier": _l("number of a person"),
        "role_grant": _l("role of a person"),
    }
)
