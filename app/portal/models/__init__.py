"""Tables of the portal, one file per noun."""

from app.portal.models.feedback import Feedback, FeedbackAbout, FeedbackEvent
from app.portal.models.notices import Notice, NoticePlace, NoticeRead, NoticeVersion

__all__ = [
    "Feedback",
    "FeedbackAbout",
    "FeedbackEvent",
    "Notice",
    "NoticePlace",
    "NoticeRead",
    "NoticeVersion",
]
