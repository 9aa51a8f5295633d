"""The priority matrix as one thing: read and changed by page and API, with a reason (tickets-rules 26)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.core import settings
from app.core.actor import Actor
from app.core.errors import NotAllowed, Rejected, Stale
from app.tickets.rules.priority import MATRIX, ROWS, URGENCIES, falling, rank
from app.tickets.services import priorities
from app.tickets.services import priority_matrix as services
from tests.factories import accounts
from tests.factories import tickets as make

SYSTEM = Actor.system(1)
Login = Callable[..., FlaskClient]

pytestmark = pytest.mark.usefixtures("frozen")


def changed(**cells: str) -> dict[str, tuple[str, ...]]:
    """The usual matrix with some cells changed, named like `room_low`."""
    return {
        impact: tuple(
            cells.get(f"{impact}_{urgency}", cell) for urgency, cell in zip(URGENCIES, MATRIX[impact], strict=True)
        )
        for impact in ROWS
    }


def sent(seen: int = 0, reason: str = "x", **cells: str) -> dict[str, Any]:
    """What the form sends."""
    rows = changed(**cells)
    found = {f"{impact}_{urgency}": rows[impact][n] for impact in ROWS for n, urgency in enumerate(URGENCIES)}
    return {"seen": str(seen), "reason": reason, **found}


def test_rule_26_the_usual_matrix_never_falls() -> None:
    assert falling(MATRIX) == []
    assert falling(changed(floor_low="low", building_high="normal")) == [("building", "high")]


@given(st.lists(st.sampled_from(URGENCIES), min_size=16, max_size=16))
def test_rule_26_what_does_not_fall_rises_in_both_directions(cells: list[str]) -> None:
    rows = {impact: tuple(cells[4 * n : 4 * n + 4]) for n, impact in enumerate(ROWS)}
    ranks = [[rank(cell) for cell in rows[impact]] for impact in ROWS]
    rises = all(row == sorted(row) for row in ranks) and all(
        list(each) == sorted(each) for each in zip(*ranks, strict=True)
    )
    assert (falling(rows) == []) == rises


class TestService:
    def test_rule_26_a_change_counts_for_what_is_reported_then(self, database: Session, now: datetime) -> None:
        ground = make.Ground()
        before = ground.file()
        count = services.set_matrix(
            actor=SYSTEM,
            now=now,
            given=changed(room_normal="high", floor_normal="high"),
            reason="exams",
            seen=services.last_change().version,
        )
        assert count == 2
        assert priorities.starting("room", "normal", emergency_category=False) == "high"
        assert priorities.matrix() == changed(room_normal="high", floor_normal="high")
        assert settings.get("priority.room_normal") == "high"  # the setting is the one copy
        entry = database.scalars(select(AuditEntry).where(AuditEntry.verb == "priority.matrix")).one()
        assert (entry.before, entry.after) == (
            {"priority.room_normal": "normal", "priority.floor_normal": "normal"},
            {"priority.room_normal": "high", "priority.floor_normal": "high", "reason": "exams"},
        )
        assert before.priority == "normal"
        assert ground.file().priority == "high"

    def test_what_cannot_be(self, database: Session, now: datetime) -> None:
        given_so = {"actor": SYSTEM, "now": now, "seen": 0}
        for rows, reason, fields in (
            (changed(room_low="urgent"), "x", {"room_low"}),
            (changed(campus_low="low"), "x", {"campus_low"}),
            ({**MATRIX, "room": ("low",)}, "x", {"room_normal", "room_high", "room_emergency"}),
            (changed(), " ", {"reason"}),
        ):
            with pytest.raises(Rejected) as refused:
                services.set_matrix(given=rows, reason=reason, **given_so)
            assert set(refused.value.fields) == fields

    def test_the_same_again_is_no_change(self, database: Session, now: datetime) -> None:
        assert services.set_matrix(actor=SYSTEM, now=now, given=changed(), reason="x", seen=0) == 0
        assert database.scalars(select(AuditEntry).where(AuditEntry.verb == "priority.matrix")).all() == []

    def test_whoever_changes_at_the_same_time_is_told(self, database: Session, now: datetime) -> None:
        given_so = {"actor": SYSTEM, "now": now, "reason": "x"}
        services.set_matrix(given=changed(room_low="normal"), seen=0, **given_so)
        with pytest.raises(Stale):
            services.set_matrix(given=changed(), seen=0, **given_so)
        dispatcher = make.actor(accounts.person("dispatcher"))
        with pytest.raises(NotAllowed):
            services.set_matrix(actor=dispatcher, now=now, given=changed(), reason="x", seen=None)


class TestPage:
    def test_rule_26_read_and_changed(self, planner: FlaskClient) -> None:
        address = "/service-levels/priorities"
        assert 'id="f-campus_emergency"' in planner.get(address).get_data(as_text=True)
        assert planner.post(address, data=sent(room_low="normal")).status_code == 303
        text = planner.get(address).get_data(as_text=True)
        assert "usually Low" in text
        assert "by 周主管" in text
        stale = planner.post(address, data=sent(room_normal="high", floor_normal="high"))
        assert stale.status_code == 412
        assert "Somebody else has changed the matrix" in stale.get_data(as_text=True)

    def test_errors_stand_beside_the_cells(self, planner: FlaskClient) -> None:
        refused = planner.post("/service-levels/priorities", data=sent(reason="", campus_low="low", room_high="x"))
        text = refused.get_data(as_text=True)
        assert refused.status_code == 422
        assert 'id="f-room_high-e"' in text
        assert 'id="f-reason-e"' in text
        refused = planner.post("/service-levels/priorities", data=sent(campus_low="low"))
        assert 'id="f-campus_low-e"' in refused.get_data(as_text=True)
        assert planner.post("/service-levels/priorities", data={"seen": "x"}).status_code == 422

    def test_a_dispatcher_reads_only(self, database: Session, login: Login) -> None:
        client = login(accounts.person("dispatcher"))
        assert "<select" not in client.get("/service-levels/priorities").get_data(as_text=True)
        assert client.post("/service-levels/priorities", data=sent()).status_code == 403

    def test_the_settings_lead_to_it(self, database: Session, login: Login) -> None:
        client = login(accounts.person("admin"))
        assert 'href="/service-levels/priorities"' in client.get("/settings").get_data(as_text=True)

    def test_rule_26_a_cell_is_not_changed_by_itself(self, database: Session, login: Login) -> None:
        """One place changes the matrix: a single cell could make it fall."""
        client = login(accounts.person("admin", locale="en"))
        page = client.get("/settings").get_data(as_text=True)
        assert 'id="priority.room_emergency"' in page
        assert 'action="/settings/priority.' not in page
        answer = client.post("/settings/priority.room_emergency", data={"value": "low", "seen": "0"})
        assert answer.status_code == 409
        assert "changed together" in answer.get_data(as_text=True)
        assert settings.get("priority.room_emergency") == "emergency"


def test_rule_26_over_the_api(database: Session, client: FlaskClient) -> None:
    me = accounts.token(accounts.person("supervisor"))
    shown: Any = client.get("/api/v1/priority-matrix", headers=me)
    assert shown.json["rows"]["building"] == list(MATRIX["building"])
    assert shown.headers["ETag"] == '"v0"'
    body = {"rows": {impact: list(row) for impact, row in changed(room_low="normal").items()}, "reason": "x"}
    assert client.put("/api/v1/priority-matrix", json=body, headers=me).status_code == 428
    done: Any = client.put("/api/v1/priority-matrix", json=body, headers={**me, "If-Match": '"v0"'})
    assert done.status_code == 200, done.get_data(as_text=True)
    assert done.json["rows"]["room"][0] == "normal"
    assert client.put("/api/v1/priority-matrix", json=body, headers={**me, "If-Match": '"v0"'}).status_code == 412
    body["rows"]["room"] = ["low"]
    wrong: Any = client.put("/api/v1/priority-matrix", json=body, headers={**me, "If-Match": "*"})
    assert wrong.status_code == 422
    assert "rows.room" in {each["field"] for each in wrong.json["errors"]}
