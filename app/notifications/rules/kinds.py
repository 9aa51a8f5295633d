"""The kinds of notifications: who they are for, and whether mail is sent unless somebody chose otherwise.

A kind has its templates in `templates/notifications/<code>/`. Labels are English message ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


def gettext_noop(text: str) -> str:
    """Mark a message id for extraction."""
    return text


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. `group` is the heading on the page of choices; `demanded`: its mail cannot be switched off."""

    code: str
    group: str
    label: str
    mail: bool = False
    demanded: bool = False


REQUESTS: Final = gettext_noop("My requests")
ORDERS: Final = gettext_noop("My work orders")
SUPERVISION: Final = gettext_noop("Supervision")
DATA: Final = gettext_noop("Imports and operations")
CAMPUS: Final = gettext_noop("The campus")
SAID: Final = gettext_noop("What I wrote to the desk")
DESK: Final = gettext_noop("Feedback I answer")

KINDS: Final[tuple[Kind, ...]] = (
    Kind("ticket-received", REQUESTS, gettext_noop("A request has come in, with a first answer")),
    Kind("ticket-accepted", REQUESTS, gettext_noop("A request is accepted")),
    Kind("ticket-promise-moved", REQUESTS, gettext_noop("The promised time has changed"), mail=True),
    Kind("ticket-delay", REQUESTS, gettext_noop("Why a promise was not kept")),
    Kind("ticket-taken", REQUESTS, gettext_noop("A technician has taken it")),
    Kind("ticket-on-the-way", REQUESTS, gettext_noop("The technician is on the way")),
    Kind("ticket-on-hold", REQUESTS, gettext_noop("The work stands still for a while")),
    Kind("ticket-question", REQUESTS, gettext_noop("A question about it"), mail=True),
    Kind("ticket-question-again", REQUESTS, gettext_noop("A reminder of the question"), mail=True),
    Kind("ticket-message", REQUESTS, gettext_noop("A message about it"), mail=True),
    Kind("ticket-call", REQUESTS, gettext_noop("Somebody would like to speak to me about it"), mail=True),
    Kind("ticket-resolved", REQUESTS, gettext_noop("It is repaired: please confirm"), mail=True),
    Kind("ticket-reopened", REQUESTS, gettext_noop("Work on it goes on")),
    Kind("ticket-rejected", REQUESTS, gettext_noop("It is not taken on"), mail=True),
    Kind("ticket-merged", REQUESTS, gettext_noop("It was joined with another request")),
    Kind("ticket-changed", REQUESTS, gettext_noop("What or where of a request was corrected")),
    Kind("ticket-yours", REQUESTS, gettext_noop("A request I followed is mine now")),
    Kind("followed-status", REQUESTS, gettext_noop("A request I follow goes on")),
    Kind("ticket-withdrawn", REQUESTS, gettext_noop("A request I follow is withdrawn")),
    Kind("ticket-closed", REQUESTS, gettext_noop("A request is closed")),
    Kind("feedback-answered", SAID, gettext_noop("An answer from the desk"), mail=True),
    Kind("feedback-postponed", SAID, gettext_noop("The desk answers on a later day")),
    Kind("feedback-closed", SAID, gettext_noop("What became of it")),
    Kind("feedback-assigned", DESK, gettext_noop("I am to answer something"), mail=True),
    Kind("feedback-replied", DESK, gettext_noop("Its author wrote again")),
    Kind("feedback-due", DESK, gettext_noop("An answer is due soon")),
    Kind("feedback-late", DESK, gettext_noop("An answer is late"), mail=True),
    Kind("notice-urgent", CAMPUS, gettext_noop("Something urgent on the campus"), mail=True),
    Kind("notice-outage", CAMPUS, gettext_noop("A planned outage where I live or work")),
    Kind("order-offered", ORDERS, gettext_noop("An order is offered to me")),
    Kind("order-help", ORDERS, gettext_noop("I am to help with an order")),
    Kind("order-pooled", ORDERS, gettext_noop("An order lies in the pool")),
    Kind("order-window", ORDERS, gettext_noop("The reporter chose a time for my visit")),
    Kind("order-message", ORDERS, gettext_noop("The reporter writes")),
    Kind("ticket-urged", ORDERS, gettext_noop("The reporter reminds"), mail=True),
    Kind("order-released", ORDERS, gettext_noop("An order goes to somebody else or is cancelled")),
    Kind("order-offer-ended", ORDERS, gettext_noop("An offer was taken back")),
    Kind("clock-endless", SUPERVISION, gettext_noop("A clock never comes due"), mail=True),
    Kind("extension-asked", SUPERVISION, gettext_noop("Somebody asks for more time"), mail=True),
    Kind("extension-decided", ORDERS, gettext_noop("A decision on more time I asked for")),
    Kind("clock-escalated", SUPERVISION, gettext_noop("Something is late, or soon will be"), mail=True),
    Kind("ticket-contact", SUPERVISION, gettext_noop("A request is mine to look after, since its reporter has left")),
    Kind("ticket-to-accept", SUPERVISION, gettext_noop("Finished work waits for my acceptance"), mail=True),
    Kind("order-hold-reminder", SUPERVISION, gettext_noop("A hold has lasted too long")),
    Kind("order-proposed", SUPERVISION, gettext_noop("A technician proposes a further order")),
    Kind("call-wanted", SUPERVISION, gettext_noop("A reporter asks the desk to call")),
    Kind("order-help-asked", SUPERVISION, gettext_noop("A technician needs a second pair of hands")),
    Kind("duty-lead-called", SUPERVISION, gettext_noop("Nobody takes an order"), mail=True, demanded=True),
    Kind("order-rework", SUPERVISION, gettext_noop("A repair did not hold: I choose who repairs it")),
    Kind("ticket-not-fixed", SUPERVISION, gettext_noop("A repair did not hold, again"), mail=True),
    Kind("bulk-ended", DATA, gettext_noop("My act on many orders is through")),
    Kind("place-not-moved", DATA, gettext_noop("Requests did not move to the place I named"), mail=True),
    Kind("import-settled", DATA, gettext_noop("An import has come to a result")),
    Kind("deliveries-parked", DATA, gettext_noop("Background work was parked"), mail=True, demanded=True),
)

BY_CODE: Final = {kind.code: kind for kind in KINDS}
