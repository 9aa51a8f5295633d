"""Tables of what people were told, how it reached them, and what they wish to be told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core import references
from app.core.db import Tenant, ref, to_one

CHANNELS = ("email",)
DELIVERY_STATES = ("waiting", "sent", "kept", "refused")


class Notification(Tenant):
    """One line of somebody's inbox.

    `kind` names the templates, `data` holds plain values for them (words, numbers, proper names), rendered in the
    reader's language when it is read. `link` is a local path. `key` names the cause: the same one tells a person once.
    """

    __tablename__ = "notification"
    __table_args__ = (
        ref("person", "person_id"),
        UniqueConstraint("institution_id", "person_id", "key", name="uq_notification_key"),
        Index("ix_notification_person", "institution_id", "person_id", "id"),
        Index("ix_notification_unread", "institution_id", "person_id", "id", postgresql_where=text("read_at IS NULL")),
        Index(
            "ix_notification_import",  # the one kind whose lines end for everybody at once (`nobody_is_asked`)
            "institution_id",
            "link",
            postgresql_where=text("read_at IS NULL AND kind = 'import-settled'"),
        ),
    )

    person_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    data: Mapped[dict[str, Any]]
    link: Mapped[str | None]
    key: Mapped[str]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    person = to_one("Notification.person_id", "Person")


class NotificationDelivery(Tenant):
    """The way of one notification over one channel out of the house.

    `address` is masked; the true one is read from the person when it is sent. `refused`: no further try makes sense.
    `kept`: there is no mail server, the mail stands in `kept_mail`.
    """

    __tablename__ = "notification_delivery"
    __table_args__ = (
        ref("notification", "notification_id"),
        CheckConstraint(f"channel IN ('{CHANNELS[0]}')", name="channel"),
        CheckConstraint(f"state IN {DELIVERY_STATES}", name="state"),
        UniqueConstraint("institution_id", "notification_id", "channel", name="uq_notification_delivery_channel"),
        Index("ix_notification_delivery_id", "institution_id", "id"),
    )

    notification_id: Mapped[int] = mapped_column(BigInteger)
    channel: Mapped[str]
    address: Mapped[str]
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    notification = to_one("NotificationDelivery.notification_id", "Notification")


class KeptMail(Tenant):
    """A mail as it would have gone out, where no mail server is set (demo, tests)."""

    __tablename__ = "kept_mail"
    __table_args__ = (
        ref("notification", "notification_id"),
        UniqueConstraint("institution_id", "message_id", name="uq_kept_mail_message_id"),
    )

    notification_id: Mapped[int] = mapped_column(BigInteger)
    message_id: Mapped[str]
    to_name: Mapped[str]
    to_address: Mapped[str]
    subject: Mapped[str]
    lang: Mapped[str]
    body_text: Mapped[str]
    body_html: Mapped[str]
    at: Mapped[datetime]


class NotificationPreference(Tenant):
    """Somebody's choice for one kind over one channel; without a row the kind's usual one holds."""

    __tablename__ = "notification_preference"
    __table_args__ = (
        ref("person", "person_id"),
        CheckConstraint(f"channel IN ('{CHANNELS[0]}')", name="channel"),
        UniqueConstraint("institution_id", "person_id", "kind", "channel", name="uq_notification_preference"),
    )

    person_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    channel: Mapped[str]
    wanted: Mapped[bool]


references.declare(
    {
        "notification": _l("notification"),
        "notification_preference": _l("choice of notifications"),
    }
)
