"""Lists of people through the engine: taken, planned, and what stands in register and rows afterwards."""

from sqlalchemy import func, select

from app.accounts.models import Person, PersonIdentifier
from app.accounts.queries.reach import reached
from app.core.db import db
from app.imports.models import ImportRow
from app.imports.services import application, decisions
from tests.imports import stages
from tests.imports.files import campus


def load(rows, registry, head, now, extent=""):
    return stages.applied(campus.gb18030(rows), kind="people", actor=registry, approver=head, now=now, extent=extent)


def plan(rows, registry, now, extent=""):
    return stages.planned(campus.gb18030(rows), kind="people", actor=registry, now=now, extent=extent)


def table(*people):
    return [campus.PEOPLE_HEADINGS, *people]


def students():
    """How many hold a student number now."""
    return db.session.scalar(
        select(func.count())
        .select_from(PersonIdentifier)
        .where(PersonIdentifier.kind == "student_no", PersonIdentifier.valid_to.is_(None))
    )


def by_number(number):
    db.session.expire_all()
    return db.session.scalars(
        select(Person)
        .join(PersonIdentifier, PersonIdentifier.person_id == Person.id)
        .where(PersonIdentifier.value == number, PersonIdentifier.valid_to.is_(None))
    ).one_or_none()


def refusals(batch):
    """The codes why rows were refused, by row."""
    rows = db.session.scalars(
        select(ImportRow)
        .where(ImportRow.batch_id == batch.id, ImportRow.outcome == "refused")
        .order_by(ImportRow.number)
    )
    return {row.number: [why["code"] for why in row.reasons] for row in rows}


def remarks(batch):
    rows = db.session.scalars(select(ImportRow).where(ImportRow.batch_id == batch.id, ImportRow.remarks != []))
    return {row.number: [why["code"] for why in row.remarks] for row in rows}


def everybody(viewer, now):
    """How many people the viewer sees."""
    return db.session.scalar(select(func.count(Person.id)).where(reached(viewer, "people.read", now.date())))


def taken_back(batch, head, now):
    decisions.order_undo(batch.id, actor=head, now=now)
    application.undo(batch.id, actor=head, now=now)
    db.session.flush()
    return stages.batch(batch.id)
