"""Tables of places and of the stickers that lead to them."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import references
from app.core.db import Dated, Tenant, code_in_force, ref, to_one

PLACE_KINDS = ("campus", "zone", "building", "unit", "floor", "room", "outdoor", "asset")


class Place(Dated, Tenant):
    """One node of the place tree.

    `name` is a proper name, stored once. `path` is the readable way from the campus down ("South Campus ·
    Taoyuan 3 · 4F · 412"), `campus_id` and `building_id` repeat the ancestors so that scopes and lists compare
    one id (both are the place's own id for a campus or building). `search` holds name, code, path and pinyin
    initials, lower case. Codes are unique among the valid.
    """

    __tablename__ = "place"
    __table_args__ = (
        ref("place", "parent_id"),
        ref("place", "campus_id"),
        ref("place", "building_id"),
        ref("place", "successor_id"),
        CheckConstraint(f"kind IN {PLACE_KINDS}", name="kind"),
        CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_from <= valid_to", name="validity"),
        code_in_force("place"),
        Index("ix_place_parent", "institution_id", "parent_id", "sort_key", "id"),
        Index("ix_place_building", "institution_id", "building_id"),
        Index("ix_place_campus", "institution_id", "campus_id"),
        Index(
            "ix_place_offered",
            "institution_id",
            "kind",
            "sort_key",
            "id",
            postgresql_where=text("kind IN ('building', 'campus') AND valid_to IS NULL"),
        ),
    )

    kind: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(BigInteger)
    campus_id: Mapped[int | None] = mapped_column(BigInteger)
    building_id: Mapped[int | None] = mapped_column(BigInteger)
    code: Mapped[str]
    name: Mapped[str]
    lang: Mapped[str] = mapped_column(default="zh-CN")
    path: Mapped[str]
    initials: Mapped[str] = mapped_column(default="")  # pinyin initials of name, editable
    search: Mapped[str] = mapped_column(default="")
    sort_key: Mapped[str] = mapped_column(default="")  # see services.standing.sort_key: kind, numbers before letters
    public: Mapped[bool] = mapped_column(default=False)  # corridors, squares: not somebody's room
    zone_name: Mapped[str | None]  # IANA zone; campuses only
    successor_id: Mapped[int | None] = mapped_column(BigInteger)  # of a closed place: what stands in for it

    parent = to_one("Place.parent_id", "Place", remote_side="[Place.institution_id, Place.id]")


class PlaceSticker(Tenant):
    """A QR sticker: a 128-bit secret, stored hashed, that lets anyone report a fault at its place, and nothing else."""

    __tablename__ = "place_sticker"
    __table_args__ = (
        ref("place", "place_id"),
        UniqueConstraint("institution_id", "token_hash", name="uq_place_sticker_token_hash"),
        Index("ix_place_sticker_place", "institution_id", "place_id"),
    )

    place_id: Mapped[int] = mapped_column(BigInteger)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    issued_at: Mapped[datetime]
    issued_by: Mapped[int | None] = mapped_column(BigInteger)
    revoked_at: Mapped[datetime | None]

    place = to_one("PlaceSticker.place_id", "Place")


class PlaceAlias(Tenant):
    """Words reporters use for a place, mapped to it once by staff; `key` is what makes two of them the same."""

    __tablename__ = "place_alias"
    __table_args__ = (
        ref("place", "place_id"),
        UniqueConstraint("institution_id", "key", name="uq_place_alias"),
        Index("ix_place_alias_place", "institution_id", "place_id"),
    )

    key: Mapped[str]
    text: Mapped[str]
    place_id: Mapped[int] = mapped_column(BigInteger)
    said_at: Mapped[datetime]
    said_by: Mapped[int | None] = mapped_column(BigInteger)


references.declare(
    {
        "place": _l("place inside"),
        "place_alias": _l("words that mean a place"),
        "place_sticker": _l("QR sticker of a place"),
    }
)
