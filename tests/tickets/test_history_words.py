"""What the history of a request says where the kind of an event alone says too little."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.core import i18n
from app.tickets.rules.history import Remark
from app.tickets.rules.workflow import TicketAct
from app.tickets.web import remarked
from tests.factories import tickets as factory
from tests.tickets.calling import Caller

Login = Callable[..., FlaskClient]


@pytest.mark.parametrize(
    ("kind", "data", "english", "chinese"),
    [
        (Remark.HELPER, {"what": "asked"}, "A second pair of hands asked for", "请求增派帮手"),
        (Remark.HELPER, {"what": "left"}, "Helper left", "帮手已离开"),
        (Remark.POOL, {"pooled": True}, "It went into the pool", "已放入抢单池"),
        (Remark.POOL, {"pooled": False}, "It was taken out of the pool", "已移出抢单池"),
        (Remark.CALL_BACK, {"what": "asked"}, "The crew asks for a call", "维修工希望通电话"),
        (Remark.CALL_BACK, {"what": "number"}, "A number to call", "可拨打的号码"),
        (Remark.REMIND, {"by": "reporter"}, "Reminder by the reporter", "报修人催单"),
        (Remark.REMIND, {"number": 1}, "", ""),
        (Remark.NOTE, None, "", ""),
    ],
)
def test_titles_in_both_languages(app: Flask, kind: Remark, data: Any, english: str, chinese: str) -> None:
    event = SimpleNamespace(kind=kind.value, data=data)
    with app.test_request_context():
        with i18n.speaking("en"):
            assert remarked.title(event) == english
        with i18n.speaking("zh-CN"):
            assert remarked.title(event) == chinese


def test_lines_for_staff_name_the_other_request_and_the_clock(app: Flask) -> None:
    merged = SimpleNamespace(kind=TicketAct.MERGE.value, data={"number": "R26-000007"})
    again = SimpleNamespace(kind=TicketAct.NOT_FIXED.value, data={"order_id": 1, "number": "R26-000008"})
    excused = SimpleNamespace(kind=Remark.EXCUSE.value, data={"clock": "restore"})
    chosen = SimpleNamespace(
        kind=Remark.WINDOW.value, data={"from": "2026-11-18T02:00:00Z", "until": "2026-11-18T04:00:00Z"}
    )
    with app.test_request_context(), i18n.speaking("en"), i18n.in_zone("Asia/Shanghai"):
        assert remarked.lines(merged, staff=True) == ["R26-000007"]
        assert remarked.lines(merged, staff=False) == []
        assert remarked.lines(again, staff=True) == ["Reported again: R26-000008."]
        assert remarked.lines(again, staff=False) == ["Reported again."]
        assert remarked.lines(SimpleNamespace(kind=TicketAct.NOT_FIXED.value, data={"order_id": 1}), staff=True) == []
        assert remarked.lines(excused, staff=True) == ["Repair"]
        (window,) = remarked.lines(chosen, staff=False)
        assert "10:00" in window
        assert window.endswith("12:00")


def test_the_page_tells_merges_and_the_pool_apart(client: FlaskClient, database: Session, login: Login) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    ground = factory.Ground()
    desk, first, second = Caller(client, ground.dispatcher), ground.file(), ground.file()
    for path, pooled in ((f"/work-orders/{first.order_id}/pool", True), (f"/work-orders/{first.order_id}/pool", False)):
        version = desk.get(f"/work-orders/{first.order_id}").json["version"]
        assert desk.post(path, {"pooled": pooled}, seen=version).status_code == 200
    assert desk.post(f"/tickets/{second.id}/merge", {"into": str(first.id)}, seen=1).status_code == 200
    seen = desk.get(f"/tickets/{second.id}").json["version"]
    assert desk.post(f"/tickets/{second.id}/unmerge", {"reason": "different_fault"}, seen=seen).status_code == 200
    page = login(ground.dispatcher).get(f"/tickets/{first.id}").text
    assert "It went into the pool" in page
    assert "It was taken out of the pool" in page
    for title in ("Another request was merged into this one", "A merged request goes its own way again"):
        (entry,) = [each for each in page.split("<li") if f"<b>{title}</b>" in each]
        assert f"<p>{second.number}</p>" in entry
