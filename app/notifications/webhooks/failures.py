"""Why a message was not taken, in the reader's language; the log stores the code."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

WORDS: dict[str, Any] = {
    "form": _l("This is not an address that can be called."),
    "scheme": _l("The address must begin with https://."),
    "name": _l("The host name is not valid."),
    "private": _l(
        "This address lies in a private network. Ask your administrator to allow that network (WEBHOOK_NETWORKS)."
    ),
    "name-unknown": _l("No address is known for the host name."),
    "certificate": _l("The certificate is not valid for this host name."),
    "tls": _l("No secure connection could be made."),
    "timeout": _l("No answer in time."),
    "no-connection": _l("The connection was refused or broke off."),
    "redirect": _l("It answered with another address; that is not followed."),
    "answer": _l("It did not take the message."),
    "off": _l("The webhook was switched off."),
}
"""By code. The first four refuse an address as it is typed, too."""


def words(code: str | None) -> str:
    """The sentence of a code; a code no longer in use stays as it was stored."""
    return str(WORDS.get(code, code)) if code else ""
