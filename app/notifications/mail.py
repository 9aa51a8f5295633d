"""Composing and sending mail over SMTP."""

from __future__ import annotations

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

from app.notifications.rendering import Letter
from app.notifications.rules import addresses

SECONDS = 15.0
SMTP_PORT, SMTPS_PORT = 587, 465


class Refused(Exception):
    """This mail will never be taken; the message says why, without the address."""


def compose(
    letter: Letter,
    *,
    sender: str,
    name: str,
    address: str,
    message_id: str,
    lang: str,
    at: Any,
    unsubscribe: str | None,
) -> EmailMessage:
    """The message; raises Refused where a header would hold a line break or the address is none.

    The id is the same at every try, so that a receiver can tell a repeated mail (reliability.md 5).
    """
    for value in (letter.subject, name, address, message_id):
        if not addresses.one_line(value):
            raise Refused("a header would contain a line break")
    if not addresses.sendable(address):
        raise Refused("the address cannot be written to")
    message = EmailMessage()
    own_name, own_address = parseaddr(sender)
    message["From"] = Address(own_name, addr_spec=own_address)
    message["To"] = Address(name, addr_spec=address)
    message["Subject"] = letter.subject
    message["Message-ID"] = f"<{message_id}>"
    message["Date"] = format_datetime(at)
    message["Auto-Submitted"] = "auto-generated"
    if unsubscribe:
        message["List-Unsubscribe"] = f"<{unsubscribe}>"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    message["Content-Language"] = lang  # after the content: setting that drops every Content- header
    return message


def send(url: str, message: EmailMessage) -> None:
    """Hand the message to the mail server; raises Refused for a lasting no, OSError or SMTPException for a passing one.

    `smtps://` speaks TLS at once, `smtp://` as soon as the server offers it; a password is never sent without.
    """
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    try:
        with _connect(parts.scheme, host, parts.port) as server:
            secure = parts.scheme == "smtps"
            if not secure and server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
                secure = True
            if parts.username:
                if not secure:
                    raise smtplib.SMTPException("the server offers no TLS: the password is not sent in clear")
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        _judge(code, said)
    except smtplib.SMTPResponseException as error:
        _judge(error.smtp_code, error.smtp_error)


def _connect(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or SMTPS_PORT, timeout=SECONDS, context=ssl.create_default_context())
    server = smtplib.SMTP(host, port or SMTP_PORT, timeout=SECONDS)
    server.ehlo()
    return server


def _judge(code: int, said: bytes | str) -> None:
    """5xx for this receiver or this message is lasting; a refused sign-in is ours to mend, so it is tried again."""
    words = said.decode(errors="replace") if isinstance(said, bytes) else said
    sentence = f"{code} {words}"[:300]
    if 500 <= code < 600 and code not in (530, 534, 535, 538):
        raise Refused(sentence)
    raise smtplib.SMTPException(sentence)
