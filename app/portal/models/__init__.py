"""Tables of the portal, one file per noun."""

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
