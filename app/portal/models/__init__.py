"""Tables of the portal, one file per noun."""

from app.portal.models.notices import Notice, NoticePlace, NoticeRead, NoticeVersion

__all__ = ["Notice", "NoticePlace", "NoticeRead", "NoticeVersion"]
