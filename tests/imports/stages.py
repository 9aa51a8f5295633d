"""Driving the engine in tests: stage by stage as a command does, or by working off what the web has ordered."""

import io

from sqlalchemy import delete, select

from app.audit.models import AuditEntry
from app.core import clock, deliveries, transaction
from app.core.db import db
from app.core.outbox import OutboxDelivery
from app.imports.models import ImportBatch, ImportChunk
from app.imports.services import application, decisions, dry_run, intake, looking
from tests.factories import accounts
from tests.imports.files import campus


def no_step():
    """Stages end their transaction themselves; in a test everything is one."""
    db.session.flush()


def upload(data, *, kind, actor, now, extent="", filename="list.csv", background=False):
    return intake.upload(
        io.BytesIO(data),
        kind=kind,
        filename=filename,
        extent=extent,
        source="web",
        actor=actor,
        now=now,
        background=background,
    )


def planned(data, *, kind, actor, now, extent=""):
    """A batch after its dry run, its columns as proposed."""
    batch = upload(data, kind=kind, actor=actor, now=now, extent=extent)
    looking.run(batch.id, no_step)
    db.session.flush()
    db.session.refresh(batch)
    assert batch.state == "mapping", (batch.state, batch.problem)
    layout = batch.layout
    intake.choose_columns(
        batch.id, header=layout["header"], columns=layout["columns"], actor=actor, now=now, background=False
    )
    dry_run.run(batch.id, no_step, actor=actor, now=now)
    db.session.flush()
    db.session.refresh(batch)
    return batch


def applied(data, *, kind, actor, now, approver=None, extent=""):
    """A batch applied, approved by `approver` where it needs that."""
    batch = planned(data, kind=kind, actor=actor, now=now, extent=extent)
    if batch.state == "waiting":
        decisions.approve(batch.id, actor=approver, now=now, looked_at=True, background=False)
    elif batch.state == "planned":
        decisions.order(batch.id, actor=actor, now=now, background=False)
    if batch.state == "applying":
        application.run(batch.id, no_step, actor=approver or actor, now=now)
        db.session.flush()
    db.session.refresh(batch)
    return batch


def work_off(institution_id=1):
    """Deliver everything that was ordered in the background, until nothing is left."""
    db.session.flush()
    while True:
        waiting = db.session.scalars(
            select(OutboxDelivery.id)
            .where(OutboxDelivery.done_at.is_(None), OutboxDelivery.handler.like("imports.%"))
            .order_by(OutboxDelivery.id)
        ).all()
        transaction.finish()
        if not waiting:
            return
        for delivery_id in waiting:
            deliveries.deliver(institution_id, delivery_id)


def batch(batch_id):
    db.session.flush()
    db.session.expire_all()
    return db.session.get(ImportBatch, (1, batch_id))


def has_file(batch_id):
    """Whether the uploaded file is still kept."""
    return db.session.scalars(select(ImportChunk.id).where(ImportChunk.batch_id == batch_id)).first() is not None


def lose_file(batch_id):
    db.session.execute(delete(ImportChunk).where(ImportChunk.batch_id == batch_id))


def noted(batch_id):
    """What the audit log says of a batch, in order: verb and kind of actor."""
    of_it = (AuditEntry.object_kind == "import", AuditEntry.object_id == batch_id)
    rows = db.session.execute(select(AuditEntry.verb, AuditEntry.actor_kind).where(*of_it).order_by(AuditEntry.id))
    return [(row.verb.removeprefix("import."), row.actor_kind) for row in rows]


def registered(count):
    """Two of the registry, and the rows of people whom the one uploaded and the other approved."""
    uploader, head = accounts.person("registry", locale="en"), accounts.person("registry", locale="en")
    people = [campus.person(n, 院系="", 班级="") for n in range(count)]
    applied(
        campus.gb18030([campus.PEOPLE_HEADINGS, *people]),
        kind="people",
        actor=accounts.actor(uploader),
        approver=accounts.actor(head),
        now=clock.now(),
    )
    return uploader, head, people


CAMPUS = [campus.PLACE_HEADINGS, ["S", "南校区", "校区", ""]]


def one_campus(actor, now, rows=CAMPUS):
    """A batch of places of a single campus, or of these rows, as far as its plan."""
    return planned(campus.gb18030(rows), kind="places", actor=actor, now=now)
