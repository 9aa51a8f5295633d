"""Mail goes out once, in the receiver's language, with the same id at every try; a lasting no is the end."""

from __future__ import annotations

import contextlib
import smtplib
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import deliveries, outbox
from app.core.db import db
from app.core.outbox import OutboxDelivery
from app.core.transaction import transaction
from app.events.imports import ImportSettled
from app.notifications import handlers, mail, services
from app.notifications.models import KeptMail, Notification, NotificationDelivery
from app.notifications.rendering import Letter
from tests.factories import accounts
from tests.factories import notifications as factory

AT = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)


@dataclass
class Post:
    """A mail server of the tests: what it took, and what it answers."""

    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    recipient: str = "250 ok"
    sender: str = "250 ok"
    data: str = "250 taken"

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"


class Conversation(socketserver.StreamRequestHandler):
    """One SMTP conversation as the post of the server says."""

    server: PostServer

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        post = self.server.post
        answers = {"MAIL": post.sender, "RCPT": post.recipient, "AUTH": "535 no", "QUIT": "221 bye"}
        self.say("220 test")
        while line := self.rfile.readline().decode().strip():
            post.commands.append(line)
            verb = line.split()[0].upper()
            if verb == "DATA":
                self.take(post)
            else:
                self.say(answers.get(verb, "250 ok"))

    def take(self, post: Post) -> None:
        self.say("354 go on")
        body = b""
        while (part := self.rfile.readline()) != b".\r\n":
            body += part
        if post.data.startswith("250"):
            post.taken.append(message_from_bytes(body, policy=policy.default))
        self.say(post.data)


class PostServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, post: Post) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.post = post
        post.port = self.server_address[1]


@pytest.fixture
def post() -> Iterator[Post]:
    found = Post()
    with PostServer(found) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield found
        server.shutdown()


@contextlib.contextmanager
def through(app: Flask, url: str) -> Iterator[None]:
    usual = app.config["HOUQIN"]
    app.config["HOUQIN"] = replace(usual, smtp_url=url)
    try:
        yield
    finally:
        app.config["HOUQIN"] = usual


def told(locale: str | None = "en", email: str = "lin@example.edu") -> int:
    """Somebody was told of a repair; returns the number of the outbox delivery."""
    person = accounts.person("student", name="林同学", locale=locale)
    person.email = email
    db.session.flush()
    with transaction():
        services.notify([person.id], "ticket-resolved", factory.DATA, "/tickets/1", AT, key="k")
    return db.session.scalars(select(OutboxDelivery.id).order_by(OutboxDelivery.id.desc()).limit(1)).one()


def state() -> Any:
    db.session.expire_all()
    return db.session.scalars(select(NotificationDelivery)).one()


def test_without_a_mail_server_the_mail_is_kept(app: Flask, database: Session) -> None:
    assert deliveries.deliver(1, told("zh-CN")) is True
    (kept,) = database.scalars(select(KeptMail)).all()
    assert (kept.to_name, kept.to_address, kept.lang) == ("林同学", "lin@example.edu", "zh-CN")
    assert "R26-000123" in kept.subject
    assert "水龙头漏水" in kept.body_text
    assert "http://127.0.0.1/tickets/1" in kept.body_text
    assert (state().state, state().attempts) == ("kept", 1)


def test_the_receivers_language(app: Flask, database: Session, post: Post) -> None:
    with through(app, post.url):
        deliveries.deliver(1, told("en"))
    (message,) = post.taken
    assert message["Content-Language"] == "en"
    assert str(message["To"]) == "林同学 <lin@example.edu>"
    notice = database.scalars(select(Notification)).one()
    assert message["Message-ID"] == f"<notification.1.{notice.id}@127.0.0.1>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] == "<http://127.0.0.1/notifications/choices>"
    plain, html = message.iter_parts()
    assert "Tap is leaking" in plain.get_content()
    assert "Tap is leaking" in html.get_content()
    assert state().state == "sent"


def test_a_second_delivery_sends_nothing(app: Flask, database: Session, post: Post) -> None:
    with through(app, post.url):
        turn = told()
        assert deliveries.deliver(1, turn) is True
        assert deliveries.deliver(1, turn) is False
        database.execute(outbox.OutboxDelivery.__table__.update().values(done_at=None))
        database.commit()
        deliveries.deliver(1, turn)
    assert len(post.taken) == 1


def test_a_passing_failure_is_tried_again_with_the_same_id(app: Flask, database: Session, post: Post) -> None:
    turn = told()
    with through(app, post.url):
        for answer in ("421 later", "451 later"):
            post.data = answer
            with pytest.raises(smtplib.SMTPException, match="later"):
                deliveries.deliver(1, turn)
        assert (state().state, state().attempts) == ("waiting", 2)
        assert "451 later" in (state().error or "")
        post.data = "250 taken"
        assert deliveries.deliver(1, turn) is True
    assert (state().state, state().attempts, state().error) == ("sent", 3, None)


def test_no_server_is_a_passing_failure(app: Flask, database: Session) -> None:
    turn = told()
    with through(app, "smtp://127.0.0.1:1"), pytest.raises(ConnectionRefusedError):
        deliveries.deliver(1, turn)
    assert state().state == "waiting"


@pytest.mark.parametrize(
    ("where", "answer"), [("recipient", "550 nobody here"), ("data", "554 not wanted"), ("sender", "553 no")]
)
def test_a_lasting_no_is_the_end(app: Flask, database: Session, post: Post, where: str, answer: str) -> None:
    setattr(post, where, answer)
    with through(app, post.url):
        assert deliveries.deliver(1, told()) is True
    assert state().state == "refused"
    assert answer[:3] in (state().error or "")


def test_an_address_that_would_end_a_header_is_refused(app: Flask, database: Session, post: Post) -> None:
    with through(app, post.url):
        deliveries.deliver(1, told(email="lin@example.edu\r\nBcc: all@example.edu"))
    assert post.taken == []
    assert state().state == "refused"


def test_a_password_is_not_sent_in_clear(app: Flask, database: Session, post: Post) -> None:
    with through(app, f"smtp://user:secret@127.0.0.1:{post.port}"), pytest.raises(OSError, match="TLS"):
        deliveries.deliver(1, told())
    assert not any(line.startswith("AUTH") for line in post.commands)


def test_a_deleted_line_sends_nothing(app: Flask, database: Session) -> None:
    turn = told()
    database.execute(NotificationDelivery.__table__.delete())
    database.commit()
    assert deliveries.deliver(1, turn) is True
    assert database.scalars(select(KeptMail)).all() == []


@pytest.mark.parametrize("name", ["a\r\nBcc: x", "a\nb", "a\x00b"])
def test_no_header_takes_a_line_break(name: str) -> None:
    with pytest.raises(mail.Refused):
        mail.compose(
            Letter("s", "t", "h"),
            sender="Houqin <houqin@example.edu>",
            name=name,
            address="lin@example.edu",
            message_id="1@x",
            lang="en",
            at=AT,
            unsubscribe=None,
        )


def test_a_refused_sign_in_is_ours_to_mend() -> None:
    import smtplib

    with pytest.raises(smtplib.SMTPException):
        mail._judge(535, b"no")
    with pytest.raises(mail.Refused):
        mail._judge(550, "no")


def test_the_uploader_learns_what_became_of_the_file(app: Flask, database: Session, now: datetime) -> None:
    person = accounts.person("admin")
    actor = accounts.actor(person)
    for later, name in enumerate(("applied", "applied", "applying")):  # a handler that is run again says it once
        event = ImportSettled(7, "places", name, person.id, 5)
        handlers.import_settled(event, actor, now + timedelta(seconds=later))
    (line,) = database.scalars(select(Notification)).all()
    assert (line.data["batch"], line.link) == ("I-0007", "/imports/7")
    handlers.import_settled(ImportSettled(7, "places", "applied", person.id, 8), actor, now)
    assert len(database.scalars(select(Notification)).all()) == 2, "applied anew: an undo stood in between"
