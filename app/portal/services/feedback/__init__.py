"""What people say to the desk: `filing` takes it, `acts` answers and converts it, `timers` let time pass."""

from flask_babel import lazy_gettext as _l

from app.audit import labels
from app.portal.models import Feedback
from app.tickets.rules.numbers import as_written

labels.declare(
    verbs={
        "feedback.assign": _l("Gave feedback to somebody"),
        "feedback.about": _l("Changed whom feedback is about"),
        "feedback.convert": _l("Made something of feedback"),
    },
    objects={"feedback": _l("Feedback")},
    names={"feedback": labels.named_by(Feedback.id, Feedback.number)},
    numbers={"feedback": labels.found_by(Feedback.id, Feedback.number, as_written)},
)
