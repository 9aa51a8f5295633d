"""`flask demo`: seed the demo campus, set its password, make a sticker link."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select, text, update

from app.accounts.models import Person
from app.accounts.services import institutions, passwords, rights
from app.core import clock, settings
from app.core.actor import Actor
from app.core.db import db, institution_bound
from app.core.institution import by_code
from app.core.outbox import OutboxDelivery, OutboxEvent, subscribers
from app.core.transaction import transaction
from app.portal import home
from app.portal.demo import (
    board,
    campus,
    catalogue,
    desk,
    feedback,
    hands,
    history,
    hours,
    notices,
    people,
    ranking,
    registers,
    scenes,
)
from app.sites.models import Place
from app.sites.services import insert_places, issue_stickers
from app.tickets.services import settling

CODE = "demo"
NAME = {"zh-CN": "示范大学", "en": "Demo University"}
TICKETS = 260
NOTICES_OF = timedelta(days=3)
HISTORY = timedelta(days=200)  # before the first request: calendars were in force when it was filed


@click.group("demo")
def demo() -> None:
    """The demo campus."""


def _password() -> str:
    password = current_app.config["HOUQIN"].demo_password
    if not password:
        raise click.ClickException("DEMO_PASSWORD is not set; start the demo by: python3 run.py")
    return str(password)


def _refuse_production() -> None:
    if current_app.config["HOUQIN"].env == "production":
        raise click.ClickException("A production system gets no demo data.")


@demo.command("seed")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--tickets", type=int, default=TICKETS, show_default=True, help="Requests of the past weeks.")
@with_appcontext
def seed_command(seed: int, tickets: int) -> None:
    """Fill an empty installation with the demo campus."""
    _refuse_production()
    password = _password()
    if by_code(CODE) is not None:
        raise click.ClickException("The demo campus is there already.")
    owner = current_app.config["HOUQIN"].owner_database_url
    institution_id = institutions.create(owner, code=CODE, name=NAME, flags={"zone": campus.ZONE, "demo": True})
    with institution_bound(institution_id):
        moment = clock.now()
        done = fill(institution_id, random.Random(seed), password, moment, tickets)  # noqa: S311 - a play, no secret
    click.echo(f"The demo campus stands: {done} steps of history.")


def fill(institution_id: int, rng: random.Random, password: str, moment: datetime, tickets: int) -> int:
    """Everything, in a few transactions; returns the steps played."""
    system = Actor.system(institution_id)
    with transaction():
        rights.sync_roles(system, moment)
        insert_places(list(campus.places()), actor=system, now=moment)
        hours.build(system, moment - HISTORY)
        settings.put(home.DUTY_PHONE, catalogue.DUTY_PHONE, actor_id=None, now=moment)
    with transaction():
        categories = catalogue.build(moment - timedelta(days=history.DAYS))
        cast = people.build(rng, campus.dorm_rooms(), catalogue.trade_ids(), passwords.hash_password(password), moment)
        public = list(db.session.scalars(select(Place.id).where(Place.public).order_by(Place.id)))
        stage = history.Stage(rng, cast, categories, moment)
        history.fill(stage, {"public": public}, tickets)
        scenes.fill(stage, public)
        played = [cast.logins[name] for name in ("technician", "technician2")]
        ranking.build(stage.actor(cast.logins["supervisor"]), cast.technicians, moment)
        hands.fill(stage, categories, [each for each in cast.technicians if each not in played])
    told = Notices(system, moment - NOTICES_OF)
    done = stage.play(told.tell)
    registers.build(rng, lambda name: stage.actor(cast.logins[name]), moment)
    with transaction():
        places = {place.code: place.id for place in db.session.scalars(select(Place))}
        desk.build(
            stage.actor(cast.logins["supervisor"]), places, [stage.actor(each) for each in cast.students[2:16]], moment
        )
        notices.build(stage.actor(cast.logins["dispatcher"]), places, moment)
        board.build(stage.actor(cast.logins["supervisor"]), moment)
        told.tell(moment)
    with transaction():
        settle(moment)
        feedback.Play(
            lambda name: stage.actor(cast.logins[name]), places, moment
        ).all()  # its deliveries are still to come
        hands.open_up([each.id for each in played], moment)
        hands.close([each.id for each in played])
        settling.forget()  # a worker that runs beside it took the past for settled before it was played
    return done


class Notices:
    """Lets the notices of the last days come about as they would have; older ones would have been read."""

    def __init__(self, system: Actor, since: datetime) -> None:
        self.system, self.since, self.last = system, since, 0

    def tell(self, now: datetime) -> None:
        rows = db.session.execute(
            select(
                OutboxDelivery.id, OutboxDelivery.handler, OutboxDelivery.queue, OutboxEvent.kind, OutboxEvent.payload
            )
            .join(OutboxEvent, OutboxEvent.id == OutboxDelivery.event_id)
            .where(OutboxDelivery.id > self.last, OutboxDelivery.next_at <= now)
            .order_by(OutboxDelivery.id)
        ).all()
        table = subscribers()
        for row in rows:
            self.last = row.id
            subscription = table.by_name[row.handler]
            if now >= self.since and row.handler.startswith("notifications.") and not subscription.stepwise:
                subscription.handler(table.load(row.kind, row.payload), self.system, now)


def settle(moment: datetime) -> None:
    """The history's deliveries are done; timers that lie ahead stay, and the mail of the last days goes out."""
    db.session.execute(
        update(OutboxDelivery)
        .where(
            OutboxDelivery.next_at <= moment,
            OutboxDelivery.done_at.is_(None),
            OutboxDelivery.handler != "notifications.mail",
        )
        .values(done_at=text("clock_timestamp()"))
    )


@demo.command("password")
@with_appcontext
def password_command() -> None:
    """Set the password of the demo logins to DEMO_PASSWORD."""
    _refuse_production()
    hashed = passwords.hash_password(_password())
    facts = by_code(CODE)
    if facts is None:
        raise click.ClickException("There is no demo campus here.")
    names = [username for username, *_rest in people.LOGINS]
    with institution_bound(facts.id), transaction():
        db.session.execute(update(Person).where(Person.username.in_(names)).values(password_hash=hashed))
    click.echo("The demo logins have the new password.")


@demo.command("link")
@click.option("--place", "code", default="TY3-408", show_default=True, help="Code of the place.")
@with_appcontext
def link_command(code: str) -> None:
    """Make a sticker for a place and print the address its QR code leads to."""
    _refuse_production()
    facts = by_code(CODE)
    if facts is None:
        raise click.ClickException("There is no demo campus here.")
    with institution_bound(facts.id), transaction():
        place_id = db.session.scalar(select(Place.id).where(Place.code == code, Place.valid_to.is_(None)))
        if place_id is None:
            raise click.ClickException(f"There is no place with the code {code}.")
        label = issue_stickers([place_id], actor=Actor.system(facts.id), now=clock.now())[0]
    click.echo(f"{current_app.config['HOUQIN'].base_url}/r/{label.secret}")
