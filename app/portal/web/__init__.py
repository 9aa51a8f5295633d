"""Pages of the portal: home, notices, answers, contacts, feedback, settings, operations, the API's documentation."""

import app.portal.web.documentation
import app.portal.web.hints
import app.portal.web.home
import app.portal.web.operations
import app.portal.web.settings  # noqa: F401 - imported for their views
from app.portal.web import answers, contacts, feedback, notices
from app.portal.web.blueprint import blueprint
from app.portal.web.feedback import waiting_count as feedback_count

BLUEPRINTS = (blueprint, answers.blueprint, contacts.blueprint, feedback.blueprint, notices.blueprint)

__all__ = ["BLUEPRINTS", "feedback_count"]
