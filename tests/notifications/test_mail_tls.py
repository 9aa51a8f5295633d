"""Mail over TLS, with a server of one's own: STARTTLS and smtps are taken, a certificate that is not right never is.

`tls/` holds an authority of the tests (trusted through SSL_CERT_FILE, as an operator names his own), a certificate of
127.0.0.1 and one of another host; they last until 2126. The authority's key was thrown away.
"""

from __future__ import annotations

import smtplib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.core import deliveries
from app.notifications import mail
from app.notifications.rendering import Letter
from tests.notifications.test_mail import AT, Conversation, Post, PostServer, state, through, told

TLS = Path(__file__).parent / "tls"


class Secured(Conversation):
    """The same conversation over TLS: from the beginning, or once STARTTLS is said."""

    server: SecuredServer

    def setup(self) -> None:
        super().setup()
        self.secure = False
        if self.server.at_once:
            self.encrypt()

    def encrypt(self) -> None:
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        self.secure = True
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()  # socketserver closes the socket it accepted, not the one wrapped around it

    def handle(self) -> None:
        post = self.server.post
        self.say("220 test")
        while line := self.rfile.readline().decode(errors="replace").strip():
            verb = line.split()[0].upper()
            post.commands.append(f"{'tls' if self.secure else 'clear'} {verb}")
            if verb == "EHLO":
                self.say("250-test\r\n" + ("250 AUTH PLAIN" if self.secure else "250 STARTTLS"))
            elif verb == "STARTTLS":
                self.say("220 go on")
                self.encrypt()
            elif verb == "DATA":
                self.take(post)
            else:
                self.say({"AUTH": "235 in", "QUIT": "221 bye"}.get(verb, "250 ok"))


class SecuredServer(PostServer):
    """A mail server with a certificate of `tls/`."""

    def __init__(self, post: Post, certificate: str, *, at_once: bool) -> None:
        super().__init__(post)
        self.RequestHandlerClass = Secured
        self.at_once = at_once
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(TLS / certificate)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that turns away in the middle of the handshake is what some of these tests are about."""


@contextmanager
def server(certificate: str = "server.pem", *, at_once: bool = False) -> Iterator[Post]:
    post = Post()
    with SecuredServer(post, certificate, at_once=at_once) as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield post
        running.shutdown()


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "authority.pem"))


def letter() -> mail.EmailMessage:
    return mail.compose(
        Letter("s", "t", "<p>t</p>"),
        sender="Houqin <a@example.edu>",
        name="x",
        address="x@example.edu",
        message_id="1@houqin",
        lang="en",
        at=AT,
        unsubscribe=None,
    )


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(("scheme", "at_once"), [("smtp", False), ("smtps", True)])
def test_mail_and_password_go_over_tls_alone(scheme: str, at_once: bool) -> None:
    with server(at_once=at_once) as post:
        mail.send(f"{scheme}://desk:p%40ss@127.0.0.1:{post.port}", letter())
    assert [each["Subject"] for each in post.taken] == ["s"]
    assert "tls AUTH" in post.commands
    assert "tls DATA" in post.commands
    in_clear = {each for each in post.commands if each.startswith("clear")}
    assert in_clear == (set() if at_once else {"clear EHLO", "clear STARTTLS"})


@pytest.mark.parametrize(("scheme", "at_once"), [("smtp", False), ("smtps", True)])
@pytest.mark.parametrize("certificate", ["server.pem", "elsewhere.pem"])
def test_a_certificate_of_nobody_known_is_refused(scheme: str, at_once: bool, certificate: str) -> None:
    with server(certificate, at_once=at_once) as post, pytest.raises(ssl.SSLCertVerificationError):
        mail.send(f"{scheme}://desk:secret@127.0.0.1:{post.port}", letter())
    assert post.taken == []
    assert not {"tls AUTH", "clear AUTH", "clear MAIL", "clear DATA"} & set(post.commands)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(("scheme", "at_once"), [("smtp", False), ("smtps", True)])
def test_a_certificate_of_another_host_is_refused(scheme: str, at_once: bool) -> None:
    with server("elsewhere.pem", at_once=at_once) as post, pytest.raises(ssl.SSLCertVerificationError):
        mail.send(f"{scheme}://desk:secret@127.0.0.1:{post.port}", letter())
    assert post.taken == []


def test_a_password_is_never_sent_in_clear(post_in_clear: Post) -> None:
    with pytest.raises(smtplib.SMTPException, match="no TLS"):
        mail.send(f"smtp://desk:secret@127.0.0.1:{post_in_clear.port}", letter())
    assert not any("AUTH" in each for each in post_in_clear.commands)


@pytest.fixture
def post_in_clear() -> Iterator[Post]:
    found = Post()
    with PostServer(found) as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield found
        running.shutdown()


def test_a_bad_certificate_is_tried_again_later(app: Flask, database: Session) -> None:
    """It is ours to mend (a certificate renewed, an authority named): nothing is lost meanwhile."""
    number = told()
    with (
        server(at_once=True) as post,
        through(app, f"smtps://127.0.0.1:{post.port}"),
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        deliveries.deliver(1, number)
    assert post.taken == []
    assert (state().state, state().attempts) == ("waiting", 1)
