"""One order in a technician's hands: each act by a plain form, refused with its reason, nothing typed is lost."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from flask_babel import force_locale, gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.attachments import queries as kept
from app.attachments.models import Attachment
from app.core.actor import Actor
from app.tickets import order_forms
from app.tickets.models import TicketEvent, WorkOrder
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import acts, dispatching, filing, opening
from tests.counting import counted
from tests.factories import attachments
from tests.factories import tickets as make
from tests.tickets.at_work import ENGLISH, do, offered

pytestmark = pytest.mark.usefixtures("frozen")


def order(database: Session, order_id: int) -> WorkOrder:
    database.expire_all()
    return database.scalars(select(WorkOrder).where(WorkOrder.id == order_id)).one()


def test_the_whole_way_by_plain_forms(
    ground: make.Ground, now: datetime, database: Session, login: Callable[..., FlaskClient]
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    client = login(technician)

    def send(act: str, **fields: object) -> tuple[int, str]:
        version = order(database, order_id).version
        answer = client.post(f"/crew/{order_id}/{act}", data={"version": version, **fields})
        return answer.status_code, answer.headers.get("Location", "")

    page = f"/crew/{order_id}"
    assert send("accept") == (303, page)
    assert send("leave") == (303, page)
    assert send("start") == (303, page)
    assert send("hold", hold_reason="access", hold_note="Locked") == (303, page)
    assert order(database, order_id).hold_reason == "access"
    assert send("start") == (303, page)
    photo = (io.BytesIO(attachments.jpeg()), "after.jpg")
    assert send("done", done_note="New cartridge", done_photos=photo) == (303, "/crew")
    done = order(database, order_id)
    assert (done.state, done.assignee_id) == ("done", technician.id)
    kinds = list(database.scalars(select(TicketEvent.kind).where(TicketEvent.order_id == order_id)))
    assert kinds[3:] == ["accept", "leave", "start", "hold", "start", "photo", "done"]
    kept = database.scalars(select(Attachment)).one()
    assert (kept.owner_kind, kept.owner_id, kept.moment) == ("work_order", order_id, "after")
    assert '<p class="said">New cartridge</p>' in client.get(page).get_data(as_text=True)


@pytest.mark.parametrize(
    ("acts", "act", "fields", "said"),
    [
        ((), "decline", {}, "Choose or write a reason."),
        ((OrderAct.ACCEPT,), "hold", {}, "Choose or write a reason."),
        ((OrderAct.ACCEPT,), "hold", {"hold_reason": "lunch"}, "Choose or write a reason."),
        ((OrderAct.ACCEPT,), "hold", {"hold_reason": "parts"}, "Say until when"),
        ((OrderAct.ACCEPT,), "hold", {"hold_reason": "parts", "hold_until": "soon"}, "Give a day and a time."),
        ((OrderAct.ACCEPT,), "hold", {"hold_reason": "parts", "hold_until": "0026-12-01T08:00"}, "Look at the year"),
        ((OrderAct.ACCEPT,), "hold", {"hold_reason": "parts", "hold_until": "2020-01-01T10:00"}, "Say until when"),
        ((OrderAct.ACCEPT,), "hold", {"hold_reason": "reporter_absent", "hold_note": " "}, "Leave a card"),
        ((OrderAct.ACCEPT,), "give_back", {}, "Choose or write a reason."),
        ((OrderAct.ACCEPT, OrderAct.START), "done", {"done_note": "  "}, "Write what was done."),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(
    acts: tuple[OrderAct, ...],
    act: str,
    fields: dict[str, str],
    said: str,
    ground: make.Ground,
    now: datetime,
    database: Session,
    login: Callable[..., FlaskClient],
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, *acts, now=now)
    before = order(database, order_id)
    answer = login(technician).post(
        f"/crew/{order_id}/{act}",
        data={
            "version": before.version,
            f"{act}_words": "",
            f"{act}_note": fields.get(f"{act}_note", "kept"),
            **fields,
        },
        headers=ENGLISH,
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in page
    assert order(database, order_id).version == before.version
    if act in ("hold", "give_back") and not fields.get("hold_note"):
        assert "\nkept</textarea>" in page


def test_a_hold_until_is_meant_on_the_campus_clock(
    ground: make.Ground, now: datetime, database: Session, login: Callable[..., FlaskClient]
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, now=now)
    client = login(technician)
    data = {"version": 3, "hold_reason": "parts", "hold_until": "2026-11-24T08:00"}
    assert client.post(f"/crew/{order_id}/hold", data=data).status_code == 303
    held = order(database, order_id)
    assert held.hold_until is not None
    assert held.hold_until.isoformat() == "2026-11-24T00:00:00+00:00"


def test_nobody_in_is_a_hold_with_its_card(
    ground: make.Ground, now: datetime, database: Session, login: Callable[..., FlaskClient]
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, now=now)
    client = login(technician)
    assert 'id="sheet-absent"' in client.get(f"/crew/{order_id}").get_data(as_text=True)
    data = {"version": 3, "reason": "reporter_absent", "hold-absent_note": "I left a card"}
    assert client.post(f"/crew/{order_id}/hold", data=data).status_code == 303
    assert order(database, order_id).hold_reason == "reporter_absent"


def test_own_words_are_a_reason_where_the_list_is_open(
    ground: make.Ground, now: datetime, database: Session, login: Callable[..., FlaskClient]
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    data = {"version": 2, "decline_reason": "other", "decline_words": "At the dentist's"}
    assert login(technician).post(f"/crew/{order_id}/decline", data=data).headers["Location"] == "/crew"
    event = database.scalars(select(TicketEvent).where(TicketEvent.kind == "decline")).one()
    assert event.reason == "At the dentist's"
    assert order(database, order_id).state == "queued"


def test_whoever_was_overtaken_reads_by_whom_and_keeps_his_words(
    ground: make.Ground, now: datetime, database: Session, login: Callable[..., FlaskClient]
) -> None:
    technician, other = ground.technician(), ground.technician()
    order_id = offered(ground, now)
    mine = technician if order(database, order_id).assignee_id == technician.id else other
    rival = other if mine is technician else technician
    do(mine, order_id, OrderAct.ACCEPT, OrderAct.START, now=now)
    seen = order(database, order_id).version
    client = login(mine)
    assert client.get(f"/crew/{order_id}/news?seen={seen}").status_code == 204
    dispatching.assign(
        actor=make.actor(ground.dispatcher),
        now=now,
        order_id=order_id,
        assignee_id=rival.id,
        seen=seen,
        reason="absent",
    )
    news = client.get(f"/crew/{order_id}/news?seen={seen}", headers=ENGLISH).get_data(as_text=True)
    assert f"王调度 gave it to {rival.name}" in news
    assert "hx-get" not in news
    answer = client.post(
        f"/crew/{order_id}/done",
        data={
            "version": seen,
            "done_note": "Cartridge changed, tested",
            "done_photos": (io.BytesIO(attachments.jpeg()), "x.jpg"),
        },
        headers=ENGLISH,
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 412
    assert f"王调度 gave it to {rival.name}" in page
    assert "It is now: Offered." in page
    assert "Cartridge changed, tested" in page
    assert database.scalars(select(Attachment)).all() == []


def test_a_stale_act_that_is_still_possible_comes_back_filled_in(
    ground: make.Ground, now: datetime, database: Session, login: Callable[..., FlaskClient]
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, OrderAct.START, now=now)
    do(technician, order_id, OrderAct.HOLD, OrderAct.START, now=now, reason="access")
    seen = order(database, order_id).version
    answer = login(technician).post(
        f"/crew/{order_id}/done", data={"version": seen - 2, "done_note": "All dry"}, headers=ENGLISH
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 412
    assert "\nAll dry</textarea>" in page
    assert f'name="version" value="{seen}"' in page


def test_a_photo_that_is_none_finishes_nothing(
    ground: make.Ground, now: datetime, database: Session, login: Callable[..., FlaskClient]
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, OrderAct.START, now=now)
    data = {"version": 4, "done_note": "Done", "done_photos": (io.BytesIO(b"GIF89a" + b"0" * 90), "x.gif")}
    answer = login(technician).post(f"/crew/{order_id}/done", data=data, headers=ENGLISH)
    assert answer.status_code == 422
    assert "This is a GIF" in answer.get_data(as_text=True)
    assert order(database, order_id).state == "working"


def test_photos_before_and_after(
    ground: make.Ground, now: datetime, database: Session, login: Callable[..., FlaskClient]
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    client = login(technician)
    sent = {"photos_moment": "before", "photos_photos": (io.BytesIO(attachments.jpeg()), "x.jpg")}
    assert client.post(f"/crew/{order_id}/photos", data=sent).status_code == 403
    do(technician, order_id, OrderAct.ACCEPT, now=now)
    sent["photos_photos"] = (io.BytesIO(attachments.jpeg()), "x.jpg")
    assert client.post(f"/crew/{order_id}/photos", data=sent).status_code == 303
    assert client.post(f"/crew/{order_id}/photos", data={"photos_moment": "during"}).status_code == 422
    page = client.get(f"/crew/{order_id}", headers=ENGLISH).get_data(as_text=True)
    assert "Being prepared" in page
    (photo,) = kept.of("work_order", order_id)
    assert photo.moment == "before"


def test_the_page_of_an_order_is_few_statements(
    ground: make.Ground, now: datetime, login: Callable[..., FlaskClient]
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    client = login(technician)
    client.get("/crew")
    with counted() as statements:
        client.get(f"/crew/{order_id}")
    assert len(statements) <= 5


def test_a_missing_version_is_refused(
    ground: make.Ground, now: datetime, database: Session, login: Callable[..., FlaskClient]
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    assert login(technician).post(f"/crew/{order_id}/accept").status_code == 422
    assert order(database, order_id).state == "offered"
    assert login(technician).post(f"/crew/{order_id}/cancel", data={"version": 2}).status_code == 404


def test_the_phone_number_is_for_whoever_holds_the_order(
    ground: make.Ground, now: datetime, database: Session, login: Callable[..., FlaskClient]
) -> None:
    ground.student.phone = "13800001111"
    database.flush()
    technician = ground.technician()
    order_id = offered(ground, now)
    client = login(technician)
    assert "13800001111" not in client.get(f"/crew/{order_id}").get_data(as_text=True)
    do(technician, order_id, OrderAct.ACCEPT, now=now + timedelta(minutes=1))
    assert 'href="tel:13800001111"' in client.get(f"/crew/{order_id}").get_data(as_text=True)


def test_words_beside_a_listed_reason_are_kept() -> None:
    """Nothing typed is dropped: words beside a reason of the list become the note."""
    assert (
        order_forms.given_note({"reason": "too_busy", "words": "the cellar is under water", "note": ""})
        == "the cellar is under water"
    )
    assert order_forms.given_note({"reason": "parts", "words": "b", "note": "a"}) == "a\nb"
    assert order_forms.given_note({"reason": order_forms.OTHER, "words": "mine", "note": ""}) is None
    assert order_forms.given_reason({"reason": order_forms.OTHER, "words": "mine"}) == "mine"


def test_photos_of_a_refused_end_stay_and_are_not_chosen_again(
    ground: make.Ground, now: datetime, database: Session, login: Callable[..., FlaskClient]
) -> None:
    """Without a script the page cannot give a browser its files back; what is no photo is left out and named."""
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, OrderAct.START, now=now)
    client = login(technician)
    for again in range(2):  # sent once more, the same photo is kept once
        files = [
            (io.BytesIO(attachments.jpeg()), "x.jpg"),
            (io.BytesIO(b"GIF89a" + b"0" * 90), "x.gif"),
        ]
        answer = client.post(
            f"/crew/{order_id}/done", data={"version": 4, "done_note": "", "done_photos": files}, headers=ENGLISH
        )
        page = answer.get_data(as_text=True)
        assert answer.status_code == 200, "an answer below 400 is committed"
        assert "1 photo is kept with the order" in page
        assert "This is a GIF" in page, again
        assert order(database, order_id).state == "working"
        assert [photo.moment for photo in kept.of("work_order", order_id)] == ["after"]
    again_empty = client.post(f"/crew/{order_id}/done", data={"version": 4, "done_note": ""}, headers=ENGLISH)
    assert again_empty.status_code == 422
    assert "Write what was done." in again_empty.get_data(as_text=True)
    done = client.post(f"/crew/{order_id}/done", data={"version": 4, "done_note": "New hinge"})
    assert done.status_code == 303
    assert order(database, order_id).state == "done"


def test_photos_of_an_order_that_is_no_longer_ones_own_are_not_taken(
    ground: make.Ground, now: datetime, database: Session, login: Callable[..., FlaskClient]
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, OrderAct.START, now=now)
    do(technician, order_id, OrderAct.GIVE_BACK, now=now, reason="no_access")
    version = order(database, order_id).version
    sent = {"version": version, "done_note": "Done", "done_photos": (io.BytesIO(attachments.jpeg()), "x.jpg")}
    answer = login(technician).post(f"/crew/{order_id}/done", data=sent, headers=ENGLISH)
    assert answer.status_code == 403  # he has seen that it is nobody's now: nothing here is his to do
    assert not kept.of("work_order", order_id)


def test_what_is_only_offered_is_refused_for_that_and_not_as_if_somebody_was_faster(
    ground: make.Ground, now: datetime, database: Session, login: Callable[..., FlaskClient]
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    version = order(database, order_id).version
    hold = {"version": version, "hold_reason": "access", "hold_note": "gate is shut"}
    for person, path in ((technician, "/crew"), (ground.dispatcher, "/dispatch")):
        answer = login(person).post(f"{path}/{order_id}/hold", data=hold, headers=ENGLISH)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 409
        assert "The order is only offered so far" in page
        assert "in the meantime" not in page
        assert "faster" not in page
        assert "gate is shut" in page, "what was typed is kept"
    assert order(database, order_id).state == "offered"


def test_the_hold_says_which_reasons_need_an_end(
    ground: make.Ground, now: datetime, login: Callable[..., FlaskClient]
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, now=now)
    for person, path in ((technician, "/crew"), (ground.dispatcher, "/dispatch")):
        page = login(person).get(f"{path}/{order_id}", headers=ENGLISH).get_data(as_text=True)
        until = page.split('id="f-hold_until"')
        label = until[0].rpartition("<label")[2]
        assert "optional" not in label, "without a script the label promises nothing"
        assert 'data-required="required"' in until[1].split(">")[0]
        for reason, needs in (("parts", True), ("weather", True), ("access", False)):
            option = page.split(f'value="{reason}"')[1].split(">")[0]
            assert ('data-needs="until"' in option) is needs, reason


@pytest.mark.parametrize(("named", "asked"), [(True, True), (False, False)])
def test_the_reporter_is_said_to_be_asked_only_where_he_is(
    ground: make.Ground, now: datetime, login: Callable[..., FlaskClient], named: bool, asked: bool
) -> None:
    """N6: who gave no name cannot be asked."""
    technician = ground.technician()
    order_id = offered(ground, now) if named else nameless(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, OrderAct.START, now=now)
    page = _after(login(technician), order_id, "done", done_note="New cartridge")
    assert "Finished: W26-" in page
    assert ("The reporter is asked" in page) is asked


def test_rework_says_what_is_still_wrong_and_what_was_done(
    ground: make.Ground, now: datetime, login: Callable[..., FlaskClient], database: Session
) -> None:
    """Tickets.md 3: "not fixed" must reach the crew."""
    technician = ground.technician()
    first = offered(ground, now)
    do(technician, first, OrderAct.ACCEPT, OrderAct.START, now=now)
    _after(login(technician), first, "done", done_note="New cartridge")
    acts.not_fixed(
        actor=make.actor(ground.student),
        now=now,
        ticket_id=order(database, first).ticket_id,
        seen=None,
        note="左边那个还漏",
    )
    again = database.scalars(select(WorkOrder.id).where(WorkOrder.rework_of_id == first)).one()
    dispatching.assign(
        actor=make.actor(ground.dispatcher), now=now, order_id=again, assignee_id=technician.id, seen=None
    )
    client = login(technician)
    assert "左边那个还漏" in client.get("/crew").text
    page = client.get(f"/crew/{again}", headers=ENGLISH).text
    assert "左边那个还漏" in page
    assert "Done last time: New cartridge" in page


def test_who_gave_no_name_is_promised_nothing(
    ground: make.Ground, now: datetime, login: Callable[..., FlaskClient]
) -> None:
    technician = ground.technician()
    for order_id, named in ((offered(ground, now), True), (nameless(ground, now), False)):
        do(technician, order_id, OrderAct.ACCEPT, OrderAct.START, now=now)
        page = login(technician).get(f"/crew/{order_id}", headers=ENGLISH).text
        for words in ("To the reporter", "The reporter reads it.", "First proposal", "the reporter is told"):
            assert (words in page) is named, words
        for words in ("Note for the staff", "came without a name"):
            assert (words in page) is not named, words


def nameless(ground: make.Ground, now: datetime) -> int:
    """An order for what somebody passing by reported, offered."""
    made = filing.file_ticket(
        actor=Actor.anonymous(1),
        now=now,
        category=ground.category.code,
        description="水龙头漏水",
        place_id=ground.room.id,
        origin="qr",
    )
    assert made.order_id is not None
    dispatching.dispatch_order(actor=Actor.system(1), now=now, order_id=made.order_id)
    return made.order_id


def test_an_order_left_open_keeps_the_reporter_from_being_asked(
    ground: make.Ground, now: datetime, login: Callable[..., FlaskClient], database: Session
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, OrderAct.START, now=now)
    ticket_id = order(database, order_id).ticket_id
    opening.open_order(actor=make.actor(ground.dispatcher), now=now, ticket_id=ticket_id, trade=ground.trade.code)
    page = _after(login(technician), order_id, "done", done_note="New cartridge")
    assert "The reporter is asked" not in page


def test_a_refusal_promises_nobody(ground: make.Ground, now: datetime, login: Callable[..., FlaskClient]) -> None:
    """The last of the candidates leaves it with nobody, and an offer made by hand goes back to whoever made it."""
    technician = ground.technician()
    client = login(technician)
    page = _after(client, offered(ground, now), "decline", decline_reason="busy")
    assert "Declined: W26-" in page
    assert "Somebody else" not in page
    with force_locale("zh_Hans_CN"):
        assert gettext("Declined: %(number)s.", number="W26-000001") == "已拒单：W26-000001。"


def _after(client: FlaskClient, order_id: int, act: str, **fields: str) -> str:
    """The page one is led to after an act."""
    version = client.get(f"/crew/{order_id}").text.split('name="version" value="')[1].split('"')[0]
    answer = client.post(f"/crew/{order_id}/{act}", data={"version": version, **fields}, headers=ENGLISH)
    return client.get(answer.location, headers=ENGLISH).text
