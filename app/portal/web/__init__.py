"""Pages of the portal: home, notices, answers, contacts, feedback, settings, operations, the API's documentation."""

import app.portal.web.documentation
import app.portal.web.hints
import app.portal.web.home
import app.portal.web.operations
import app.portal.web.settings  # noqa: F401 - imported for their views
from app.portal.web import answers, contacts, feedback, notices
from app.portal.web.blueprint import blueprint

BLUEPRINTS = (blueprint, answers.blueprint, contacts.blueprint, feedback.blueprint, notices.blueprint)
