"""Knowledge answers and duty contacts for tests."""

from __future__ import annotations

from typing import Any

from app.core import clock
from app.core.actor import Actor
from app.core.db import current_institution
from app.portal.models import Answer, DutyContact
from app.portal.services import answers, contacts
from app.portal.services.answers import Written
from app.portal.services.contacts import Entry


def answer(zh: str = "水龙头滴水，先关角阀", en: str = "A tap drips: shut its valve", **more: Any) -> Answer:
    """One that is shown to everybody."""
    usual: dict[str, Any] = {"body": {"zh-CN": "1. 拧紧角阀。", "en": "1. Turn the valve."}, "published": True}
    written = Written(title={"zh-CN": zh, "en": en}, **{**usual, **more})
    return answers.ANSWERS.write(written, actor=Actor.system(current_institution()), now=clock.now())


def contact(name: str = "Duty desk", phone: str = "8120 0000", **more: Any) -> DutyContact:
    """A number day and night."""
    entry = Entry(name={"en": name}, phone=phone, **{"purpose": {}, "hours": {}, **more})
    return contacts.CONTACTS.write(entry, actor=Actor.system(current_institution()), now=clock.now())
