"""Feedback: `saying` for authors, `receipts` for who gives no name; the others are for the staff."""

import app.portal.web.feedback.deciding
import app.portal.web.feedback.desk
import app.portal.web.feedback.figures
import app.portal.web.feedback.foreseeing
import app.portal.web.feedback.receipts
import app.portal.web.feedback.saying  # noqa: F401 - imported for their views
from app.portal.web.feedback.blueprint import blueprint

__all__ = ["blueprint"]
