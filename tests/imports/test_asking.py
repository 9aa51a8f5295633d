"""Who is asked to approve an import, and when the asking ends."""

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.actor import Actor
from app.core.db import db
from app.core.outbox import OutboxEvent
from app.events.imports import ImportSettled
from app.imports import handlers, queries
from app.imports.services import application, decisions, dry_run, intake
from app.notifications import handlers as notifications
from app.notifications.models import Notification
from app.notifications.services import notify
from bench import plans
from tests.counting import counted
from tests.factories import accounts
from tests.imports import stages
from tests.imports.files import campus


def test_what_waits_for_approval_is_counted_for_those_who_may_give_it(database, now):
    uploader, head = (accounts.actor(accounts.person("registry")) for _ in range(2))
    rows = [campus.PEOPLE_HEADINGS, campus.person(1, 院系="", 班级="")]
    stages.planned(campus.gb18030(rows), kind="people", actor=uploader, now=now)
    assert (queries.waiting_for(head), queries.waiting_for(uploader)) == (1, 0)
    page = queries.batches(head, open_only=True)
    assert [batch.state for batch in page.items] == ["waiting"]


def test_those_who_may_approve_are_asked_but_never_the_uploader(database, now):
    uploader, head = accounts.person("registry"), accounts.person("admin")
    accounts.person("energy")
    rows = [campus.PEOPLE_HEADINGS, campus.person(1, 院系="", 班级="")]
    batch = stages.planned(campus.gb18030(rows), kind="people", actor=accounts.actor(uploader), now=now)

    asks, over = (head.id, "approve", True), (head.id, "approve", False)
    first = batch.version
    assert heard(batch, "waiting", first) == [asks]
    assert heard(batch, "waiting", first) == [asks], "the message came twice"
    decisions.run_again(batch.id, actor=accounts.actor(uploader), now=now)
    dry_run.run(batch.id, stages.no_step, actor=accounts.actor(uploader), now=now)
    assert heard(batch, "waiting", batch.version) == [over, asks], "planned anew on the same day: another plan"
    assert heard(batch, "planning", first + 1) == [over, asks], "a message that comes late ends no later plan"
    assert heard(batch, "waiting", first) == [over, asks], "nor is the plan before asked about again"
    decisions.approve(batch.id, actor=accounts.actor(head), now=now, looked_at=True, background=False)
    application.run(batch.id, stages.no_step, actor=accounts.actor(head), now=now)
    assert heard(batch, "applied", batch.version) == [over, over], "somebody has decided: nobody is asked any more"


def heard(batch, state, version):
    """The lines of all inboxes after a message that a batch has settled: whose, which, and whether it asks still."""
    db.session.flush()
    event = ImportSettled(batch.id, batch.kind, state, batch.uploaded_by, version)
    handlers.ask_approvers(event, Actor.system(1), clock.now())
    lines = select(Notification.person_id, Notification.data, Notification.read_at).order_by(Notification.id)
    return [(row.person_id, row.data["state"], row.read_at is None) for row in db.session.execute(lines)]


@pytest.fixture
def asked(database, now):
    """A batch that waits, its uploader, and two who are asked to approve it."""
    uploader, one, other = (accounts.person("registry") for _ in range(3))
    rows = [campus.PEOPLE_HEADINGS, campus.person(1, 院系="", 班级="")]
    batch = stages.planned(campus.gb18030(rows), kind="people", actor=accounts.actor(uploader), now=now)
    assert heard(batch, "waiting", batch.version) == [(one.id, "approve", True), (other.id, "approve", True)]
    return batch, uploader, one, other


def test_a_request_that_comes_after_its_end_asks_nobody(admin, database, now):
    uploader = accounts.actor(accounts.person("registry"))
    rows = [campus.PEOPLE_HEADINGS, campus.person(1, 院系="", 班级="")]
    batch = stages.planned(campus.gb18030(rows), kind="people", actor=uploader, now=now)
    waited = batch.version
    decisions.withdraw(batch.id, actor=uploader, now=now)
    assert heard(batch, "withdrawn", batch.version) == []
    assert heard(batch, "waiting", waited) == []
    assert heard(batch, "waiting", 0) == [], "nor one written by the release before"


def test_who_may_no_longer_approve_is_asked_no_longer_either(asked, now):
    batch, uploader, one, other = asked
    one.disabled_at = now
    decisions.withdraw(batch.id, actor=accounts.actor(uploader), now=now)
    assert heard(batch, "withdrawn", batch.version) == [(one.id, "approve", False), (other.id, "approve", False)]


def test_the_end_of_a_request_is_one_statement_for_everybody(asked, now):
    batch, uploader, _one, _other = asked
    decisions.withdraw(batch.id, actor=accounts.actor(uploader), now=now)
    db.session.flush()
    with counted() as sent:
        event = ImportSettled(batch.id, batch.kind, "withdrawn", batch.uploaded_by, batch.version)
        handlers.ask_approvers(event, Actor.system(1), now)
    assert len(sent) == 2, sent


def test_who_was_asked_is_found_without_reading_what_others_were_told(database, asked, now):
    batch, *_people = asked
    others = [accounts.person("student").id for _ in range(20)]
    for number in range(100):
        notify(others, "ticket-message", {}, f"/tickets/{number}", now, key=f"message:{number}")
    database.flush()
    with plans.seen(("UPDATE",)) as sent:
        event = ImportSettled(batch.id, batch.kind, "waiting", batch.uploaded_by, batch.version)
        handlers.ask_approvers(event, Actor.system(1), now)
    assert sent
    connection = database.connection()
    assert all(plans.read_whole(connection, each) == set() for each in sent)
    assert all(plans.indexes(connection, each) == {"ix_notification_import"} for each in sent)


def test_the_uploaders_own_line_is_left_alone(asked, now):
    batch, uploader, one, other = asked
    notifications.import_settled(
        ImportSettled(batch.id, "people", "waiting", uploader.id, batch.version), Actor.system(1), now
    )
    decisions.withdraw(batch.id, actor=accounts.actor(uploader), now=now)
    over = [(one.id, "approve", False), (other.id, "approve", False)]
    assert heard(batch, "withdrawn", batch.version) == [*over, (uploader.id, "waiting", True)]


@pytest.mark.parametrize(("state", "told"), [("applied", False), ("failed", True)])
def test_who_has_approved_it_hears_that_it_came_to_nothing(asked, now, state, told):
    batch, uploader, one, _other = asked
    event = ImportSettled(batch.id, "people", state, uploader.id, batch.version, decided_by=one.id)
    notifications.import_settled(event, Actor.system(1), now)
    lines = select(Notification.person_id).where(Notification.data["state"].astext == state)
    assert set(db.session.scalars(lines)) == {uploader.id, *([one.id] if told else [])}


@pytest.mark.parametrize(("act", "state"), [(intake.back_to_columns, "mapping"), (decisions.run_again, "planning")])
def test_a_plan_given_up_for_another_asks_nobody_any_more(asked, now, act, state):
    batch, uploader, one, other = asked
    known = {"now": now} if act is decisions.run_again else {}
    act(batch.id, actor=accounts.actor(uploader), **known)
    db.session.flush()
    told = settled_last()
    assert (told["state"], told["version"]) == (state, batch.version)
    over = [(one.id, "approve", False), (other.id, "approve", False)]
    assert heard(batch, told["state"], told["version"]) == over


def test_whoever_approves_ends_the_asking_before_it_is_applied(asked, now):
    batch, _uploader, one, other = asked
    decisions.approve(batch.id, actor=accounts.actor(one), now=now, looked_at=True)
    db.session.flush()
    told = settled_last()
    assert (told["state"], told["version"]) == ("applying", batch.version)
    over = [(one.id, "approve", False), (other.id, "approve", False)]
    assert heard(batch, told["state"], told["version"]) == over


def test_a_plan_that_waited_for_nobody_is_given_up_in_silence(admin, now):
    batch = stages.one_campus(admin, now)
    intake.back_to_columns(batch.id, actor=admin)
    db.session.flush()
    assert settled_last()["state"] == "planned"


def test_a_plan_nobody_has_to_approve_is_ordered_in_silence(admin, now):
    batch = stages.one_campus(admin, now)
    decisions.order(batch.id, actor=admin, now=now)
    db.session.flush()
    assert settled_last()["state"] == "planned"


def settled_last():
    """What was published last of a batch that settled."""
    last = select(OutboxEvent.payload).where(OutboxEvent.kind == ImportSettled.__name__).order_by(OutboxEvent.id.desc())
    return db.session.scalars(last.limit(1)).one()
