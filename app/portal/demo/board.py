"""The macros and the shared view of the demo board."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.accounts.models import Role
from app.core.actor import Actor
from app.core.db import db
from app.tickets.rules.macros import Content, MacroAct
from app.tickets.services import macros, saved_views

MACROS = (
    (
        {"zh-CN": "已订配件", "en": "Parts ordered"},
        Content(
            act=MacroAct.HOLD,
            reason="parts",
            days=3,
            note="已向仓库订配件。",
            message={
                "zh-CN": "你报修所需的配件已订购，预计 {until} 到货，到货后继续维修（{number}）。",
                "en": "The parts for your repair are ordered and expected by {until}; we go on then ({number}).",
            },
        ),
    ),
    (
        {"zh-CN": "两次上门屋内无人", "en": "Nobody in twice"},
        Content(
            act=MacroAct.HOLD,
            reason="reporter_absent",
            days=2,
            message={
                "zh-CN": "师傅两次上门都没有人。请回复方便的时间，{until} 前会再联系你。",
                "en": "We called twice and nobody was in. Tell us when it suits you; we try again by {until}.",
            },
        ),
    ),
    (
        {"zh-CN": "放入抢单池并说明", "en": "To the pool, with a word"},
        Content(act=MacroAct.POOL, note="人手紧，放入抢单池。"),
    ),
)


def build(supervisor: Actor, now: datetime) -> None:
    """Macros, and a view every dispatcher may pick."""
    for place, (name, content) in enumerate(MACROS):
        macros.add(actor=supervisor, now=now, name=name, position=place, content=content)
    role = db.session.scalar(select(Role.id).where(Role.code == "dispatcher"))
    saved_views.keep(actor=supervisor, now=now, name="紧急 Urgent", filters={"priority": "emergency"}, role_id=role)
