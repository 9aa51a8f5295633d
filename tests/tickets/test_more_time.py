"""More time and excuses: asked by one, decided by another, told to the reporter (tickets-rules 16, 18, 22, 23).

The clock stands in November 2026; 18 November is a Wednesday. Office hours are 8 to 12 and 14 to 18.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.core import clock
from app.core.errors import Rejected
from app.sites.models import Place
from app.tickets.models import DutyRoster, Extension, Ticket
from app.tickets.queries import clock_view
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import extensions
from tests.counting import counted
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.at_work import do, offered
from tests.tickets.delivering import deliver_all, told, unread
from tests.tickets.test_clock_pages import local, text

Login = Callable[..., FlaskClient]
UNTIL = "2026-11-27T18:00"


class Scene:
    """A ticket whose order a technician holds; a supervisor, and whoever signs in."""

    def __init__(self, database: Session, login: Login) -> None:
        self.database, self.login = database, login
        self.ground = make.Ground()
        self.technician = self.ground.technician()
        self.supervisor = accounts.person("supervisor", name="赵主管")
        with clock.frozen(local(18, 10)):
            self.order_id = offered(self.ground, local(18, 10))
            do(self.technician, self.order_id, OrderAct.ACCEPT, now=local(18, 10))
        self.ticket_id = database.scalars(select(Ticket.id)).one()

    def get(self, person: Person, path: str, at: datetime) -> str:
        return text(self.login(person), path, at)

    def post(self, person: Person, path: str, at: datetime, **data: Any) -> Any:
        client = self.login(person)
        with clock.frozen(at):
            return client.post(path, data=data, headers={"Accept-Language": "en"})

    def asked(self, at: datetime | None = None, person: Person | None = None) -> Extension:
        answer = self.post(
            person or self.technician,
            f"/crew/{self.order_id}/more-time",
            at or local(18, 11),
            until=UNTIL,
            reason="配件要等一周",
        )
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return self.extension()

    def extension(self) -> Extension:
        self.database.expire_all()
        return self.database.scalars(select(Extension).order_by(Extension.id.desc()).limit(1)).one()

    def decide(self, person: Person, at: datetime, decision: str = "approve", **data: Any) -> Any:
        given = {"decide_extension": self.extension().id, "decide_decision": decision, **data}
        return self.post(person, f"/more-time/{self.ticket_id}/decide", at, **given)


@pytest.fixture
def scene(database: Session, login: Login) -> Scene:
    return Scene(database, login)


class TestAsking:
    def test_by_the_holder_from_his_order(self, scene: Scene) -> None:
        page = f"/crew/{scene.order_id}"
        assert "More time…" in scene.get(scene.technician, page, local(18, 11))
        assert "Promised: by Monday 18:00" in scene.get(scene.technician, f"{page}/more-time", local(18, 11))
        asked = scene.asked()
        assert (asked.until, asked.reason, asked.asked_by) == (local(27, 18), "配件要等一周", scene.technician.id)
        assert "More time is asked for until 27 Nov, 18:00" in scene.get(scene.technician, page, local(18, 11))
        waiting = scene.get(scene.technician, f"{page}/more-time", local(18, 11))
        assert f"Decided by {scene.supervisor.name}; you are told." in waiting
        deliver_all(local(18, 11))
        assert unread(scene.supervisor, "extension-asked") == 1

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"until": "", "reason": "配件"}, "Give a day and a time."),
            ({"until": UNTIL, "reason": " "}, "Please fill this in."),
            ({"until": "2026-11-18T09:00", "reason": "配件"}, "Choose a time ahead, within a year."),
            ({"until": "2026-11-20T18:00", "reason": "配件"}, "Choose a time after the one promised."),
        ],
    )
    def test_what_is_missing_is_said_and_what_was_typed_stays(
        self, scene: Scene, given: dict[str, str], said: str
    ) -> None:
        answer = scene.post(scene.technician, f"/crew/{scene.order_id}/more-time", local(18, 11), **given)
        body = answer.get_data(as_text=True)
        assert (answer.status_code, said in body) == (422, True)
        assert given["until"] in body
        assert given["reason"].strip() in body

    def test_only_by_whoever_holds_it(self, scene: Scene) -> None:
        other = scene.ground.technician()
        path = f"/crew/{scene.order_id}/more-time"
        assert scene.post(other, path, local(18, 11), until=UNTIL, reason="配件").status_code == 404
        assert scene.post(scene.supervisor, path, local(18, 11), until=UNTIL, reason="x").status_code == 403

    def test_once_until_somebody_has_decided(self, scene: Scene) -> None:
        scene.asked()
        path = f"/crew/{scene.order_id}/more-time"
        answer = scene.post(scene.technician, path, local(18, 12), until=UNTIL, reason="第二次")
        body = answer.get_data(as_text=True)
        assert answer.status_code == 409
        assert "More time has been asked for already" in body
        assert "第二次" in body

    def test_in_the_zone_of_the_campus(self, scene: Scene) -> None:
        scene.database.get_one(Place, (1, scene.ground.campus.id)).zone_name = "Asia/Tokyo"
        scene.database.flush()
        assert scene.asked().until == local(27, 17)


class TestDeciding:
    def test_another_person_sees_it_in_the_list_and_approves(self, scene: Scene) -> None:
        """22, 23: the new time is the promise, told to the reporter; the deciders are asked no more."""
        scene.asked()
        deliver_all(local(18, 11))
        listed = scene.get(scene.supervisor, "/more-time", local(18, 11))
        assert "配件要等一周" in listed
        assert "waits for you" in listed
        assert "More time 1" in listed  # the number beside the entry of the navigation
        assert "More time is asked for until" in scene.get(
            scene.ground.dispatcher, f"/dispatch/{scene.order_id}", local(18, 11)
        )
        answer = scene.decide(scene.supervisor, local(18, 12), decide_note="同意")
        assert answer.status_code == 303
        assert (scene.extension().approved, scene.extension().note) == (True, "同意")
        deliver_all(local(18, 12))
        assert told(scene.ground.student, "ticket-promise-moved") == 1
        assert told(scene.technician, "extension-decided") == 1
        assert unread(scene.supervisor, "extension-asked") == 0
        assert "Promised: by 27 Nov, 18:00" in scene.get(
            scene.ground.student, f"/tickets/{scene.ticket_id}", local(18, 12)
        )
        assert "Nobody waits for a decision" in scene.get(scene.supervisor, "/more-time", local(18, 12))
        assert "Not due before 27 Nov, 18:00" in scene.get(
            scene.supervisor, f"/more-time/{scene.ticket_id}", local(18, 12)
        )

    def test_refused_with_words_the_promise_stands(self, scene: Scene) -> None:
        scene.asked()
        scene.decide(scene.supervisor, local(18, 12), "refuse", decide_note="先用备件")
        assert scene.extension().approved is False
        assert "Promised: by Monday 18:00" in scene.get(
            scene.ground.student, f"/tickets/{scene.ticket_id}", local(18, 12)
        )
        page = scene.get(scene.technician, f"/crew/{scene.order_id}/more-time", local(18, 12))
        assert "先用备件" in page
        assert "refused" in page

    def test_nobody_decides_on_his_own_request(self, scene: Scene) -> None:
        answer = scene.post(
            scene.supervisor,
            f"/more-time/{scene.ticket_id}/ask",
            local(18, 11),
            ask_until=UNTIL,
            ask_reason="配件要等一周",
        )
        assert answer.status_code == 303
        page = scene.get(scene.supervisor, f"/more-time/{scene.ticket_id}", local(18, 11))
        assert "You asked for it, so another person decides." in page  # nobody else has the right
        assert "Approve" not in page
        assert scene.decide(scene.supervisor, local(18, 11)).status_code == 403
        assert scene.extension().approved is None
        assert scene.decide(accounts.person("dutylead"), local(18, 11)).status_code == 303

    def test_a_dispatcher_sees_it_and_does_not_decide(self, scene: Scene) -> None:
        scene.asked()
        page = scene.get(scene.ground.dispatcher, f"/more-time/{scene.ticket_id}", local(18, 11))
        assert f"Decided by {scene.supervisor.name}." in page
        assert scene.decide(scene.ground.dispatcher, local(18, 11)).status_code == 403

    def test_who_is_late_is_told_and_what_he_wrote_is_kept(self, scene: Scene) -> None:
        """A request that was decided meanwhile, and another asked anew, is not approved unseen."""
        old = scene.asked().id
        scene.decide(scene.supervisor, local(18, 12), "refuse")
        lost = scene.post(
            scene.supervisor,
            f"/more-time/{scene.ticket_id}/decide",
            local(18, 12),
            decide_extension=old,
            decide_decision="approve",
            decide_note="同意延期",
        )
        assert lost.status_code == 409
        assert "Nobody has asked for more time." in lost.get_data(as_text=True)
        assert "同意延期" in lost.get_data(as_text=True)
        scene.asked(local(18, 14))
        lost = scene.post(
            scene.supervisor,
            f"/more-time/{scene.ticket_id}/decide",
            local(18, 14),
            decide_extension=old,
            decide_decision="approve",
            decide_note="同意延期",
        )
        assert lost.status_code == 409
        assert "more time was asked for anew" in lost.get_data(as_text=True)
        assert scene.extension().approved is None

    @pytest.mark.parametrize(
        "given", [{"decide_decision": "maybe"}, {"decide_extension": "x"}, {"decide_note": "x" * 501}]
    )
    def test_what_makes_no_sense_is_refused(self, scene: Scene, given: dict[str, str]) -> None:
        scene.asked()
        assert scene.decide(scene.supervisor, local(18, 12), **given).status_code == 422
        assert scene.extension().approved is None

    def test_the_list_takes_the_same_few_statements(self, scene: Scene) -> None:
        scene.asked()
        scene.get(scene.supervisor, "/more-time", local(18, 12))
        with counted() as few:
            scene.get(scene.supervisor, "/more-time", local(18, 12))
        with clock.frozen(local(18, 10)):
            other = scene.ground.file()
        extensions.ask(
            actor=make.actor(scene.ground.dispatcher),
            now=local(18, 12),
            ticket_id=other.id,
            until=local(27, 18),
            reason="等配件",
        )
        with counted() as many:
            scene.get(scene.supervisor, "/more-time", local(18, 12))
        assert len(few) == len(many)

    def test_another_campus_sees_nothing(self, scene: Scene) -> None:
        scene.asked()
        elsewhere = make.place("campus", "北校区")
        other = accounts.person(name="北主管")
        accounts.grant(other, "supervisor", scope_kind="campus", scope_id=elsewhere.id)
        assert "配件要等一周" not in scene.get(other, "/more-time", local(18, 11))
        client = scene.login(other)
        assert client.get(f"/more-time/{scene.ticket_id}").status_code == 404
        assert scene.decide(other, local(18, 11)).status_code == 404

    def test_what_has_passed_can_only_be_refused(self, scene: Scene) -> None:
        scene.asked()
        answer = scene.decide(scene.supervisor, local(28, 9))
        assert (answer.status_code, scene.extension().approved) == (409, None)
        assert "The time asked for has passed" in answer.get_data(as_text=True)
        assert scene.decide(scene.supervisor, local(28, 9), "refuse", decide_note="晚了").status_code == 303

    def test_what_was_promised_later_meanwhile_is_not_taken_back(self, scene: Scene) -> None:
        """22, 23: an extension sets a later instant only, judged when it is decided."""
        scene.asked()
        promised = local(30, 18)
        scene.database.get_one(Ticket, (1, scene.ticket_id)).promised_at = promised  # the reporter chose a later window
        scene.database.flush()
        answer = scene.decide(scene.supervisor, local(18, 12))
        assert answer.status_code == 409
        assert "More time has been promised since than was asked for" in answer.get_data(as_text=True)
        assert scene.extension().decided_at is None
        assert scene.database.get_one(Ticket, (1, scene.ticket_id)).promised_at == promised
        assert scene.decide(scene.supervisor, local(18, 12), "refuse", decide_note="晚了").status_code == 303


def test_the_list_over_the_api(scene: Scene, client: FlaskClient) -> None:
    scene.asked()
    with clock.frozen(local(18, 12)):
        answer = client.get("/api/v1/extensions", headers=accounts.token(scene.supervisor))
        assert answer.status_code == 200
        (row,) = answer.json["items"]
        assert (row["ticket_id"], row["reason"], row["approved"]) == (str(scene.ticket_id), "配件要等一周", None)
        assert (row["until"], row["promised_at"]) == ("2026-11-27T10:00:00Z", "2026-11-23T10:00:00Z")
        assert client.get("/api/v1/extensions", headers=accounts.token(scene.technician)).status_code == 403


def test_where_the_only_supervisor_asks_the_duty_lead_is_told(scene: Scene) -> None:
    """23: another person decides, so another person hears of it."""
    lead = accounts.person("dutylead")
    scene.database.add(DutyRoster(person_id=lead.id, starts_at=local(2, 9)))
    scene.database.flush()
    given = {"ask_until": UNTIL, "ask_reason": "配件要等一周"}
    scene.post(scene.supervisor, f"/more-time/{scene.ticket_id}/ask", local(18, 11), **given)
    deliver_all(local(18, 11))
    assert unread(lead, "extension-asked") == 1
    assert unread(scene.supervisor, "extension-asked") == 0
    page = scene.get(scene.supervisor, f"/more-time/{scene.ticket_id}", local(18, 11))
    assert f"You asked for it; decided by {lead.name}." in page


class TestExcusing:
    def late(self, scene: Scene) -> int:
        """The promise of Monday 18:00 is broken; returns its clock."""
        found = clock_view.views(scene.ticket_id, local(24, 9))
        return next(view.id for view in found if view.key.kind == "promise")

    def test_of_a_promise_is_told_to_the_reporter(self, scene: Scene) -> None:
        """18: beside the figure, never inside."""
        number = self.late(scene)
        path = f"/more-time/{scene.ticket_id}"
        assert "Promise: why was it late?" in scene.get(scene.supervisor, path, local(24, 9))
        given = {f"excuse-{number}_reason": "全校停水抢修"}
        answer = scene.post(scene.supervisor, f"{path}/clocks/{number}/excuse", local(24, 9), **given)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        view = next(each for each in clock_view.views(scene.ticket_id, local(24, 9)) if each.id == number)
        assert (view.clock.excused, view.clock.kept, view.state) == (True, False, "late")
        said = scene.get(scene.ground.student, f"/tickets/{scene.ticket_id}", local(24, 9))
        assert "have not kept that. Why it was late: 全校停水抢修" in said
        deliver_all(local(24, 9))
        assert told(scene.ground.student, "ticket-delay") == 1

    def test_once_with_a_reason_and_the_right(self, scene: Scene) -> None:
        number = self.late(scene)
        path = f"/more-time/{scene.ticket_id}/clocks/{number}/excuse"
        name = f"excuse-{number}_reason"
        assert scene.post(scene.supervisor, path, local(24, 9), **{name: " "}).status_code == 422
        nothing = path.replace(str(number), str(10**9))
        assert scene.post(scene.supervisor, nothing, local(24, 9), **{name: "x"}).status_code == 404
        given = {"actor": make.actor(scene.supervisor), "now": local(24, 9), "ticket_id": scene.ticket_id}
        for act in (
            lambda: extensions.excuse(clock_id=number, reason=" ", **given),
            lambda: extensions.ask(until=local(27, 18), reason=" ", **given),
        ):
            with pytest.raises(Rejected) as refused:
                act()
            assert set(refused.value.fields) == {"reason"}
        assert scene.post(scene.ground.dispatcher, path, local(24, 9), **{name: "x"}).status_code == 403
        assert scene.post(scene.supervisor, path, local(18, 11), **{name: "太早"}).status_code == 409
        assert scene.post(scene.supervisor, path, local(24, 9), **{name: "停水"}).status_code == 303
        again = scene.post(scene.supervisor, path, local(24, 9), **{name: "又停水"})
        assert again.status_code == 409
        assert "又停水" in again.get_data(as_text=True)


def test_if_match_is_honoured(client: FlaskClient, database: Session, login: Login) -> None:
    """The contract: where it is not demanded a version that is stale is refused all the same."""
    scene = Scene(database, login)
    ticket = database.get_one(Ticket, (1, scene.ticket_id))
    asked = {"until": "2026-11-27T18:00:00+08:00", "reason": "x"}
    for path, body, who in (
        ("extension", asked, scene.technician),
        ("extension/decision", {"approve": True}, scene.supervisor),
        ("clocks/1/excuse", {"reason": "x"}, scene.supervisor),
    ):
        headers = {**accounts.token(who), "If-Match": f'"v{ticket.version + 1}"'}
        refused = client.post(f"/api/v1/tickets/{ticket.id}/{path}", json=body, headers=headers)
        assert (refused.status_code, refused.json["current"]["version"]) == (412, ticket.version), path
    headers = {**accounts.token(scene.technician), "If-Match": f'"v{ticket.version}"'}
    with clock.frozen(local(18, 11)):
        assert client.post(f"/api/v1/tickets/{ticket.id}/extension", json=asked, headers=headers).status_code == 201
