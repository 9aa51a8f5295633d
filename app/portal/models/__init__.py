"""Tables of the portal, one file per noun."""

from flask_babel import lazy_gettext as _l

from app.core import references
from app.portal.models.answers import Answer, AnswerVote
from app.portal.models.contacts import DutyContact
from app.portal.models.feedback import Feedback, FeedbackAbout, FeedbackEvent
from app.portal.models.notices import Notice, NoticePlace, NoticeRead, NoticeVersion

__all__ = [
    "Answer",
    "AnswerVote",
    "DutyContact",
    "Feedback",
    "FeedbackAbout",
    "FeedbackEvent",
    "Notice",
    "NoticePlace",
    "NoticeRead",
    "NoticeVersion",
]

references.declare(
    {
        "answer_vote": _l("vote on an answer"),
        "duty_contact": _l("duty contact"),
        "feedback": _l("feedback"),
        "feedback_about": _l("feedback about a person"),
        "feedback_event": _l("history of feedback"),
        "notice": _l("notice"),
        "notice_place": _l("place of a notice"),
        "notice_read": _l("reader of a notice"),
        "notice_version": _l("version of a notice"),
    }
)
