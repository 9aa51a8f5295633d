"""The portal over the API, one file per noun; answers and contacts are the desk's."""

from flask_babel import lazy_gettext as _l

from app.audit import labels
from app.portal.api.desk import blueprint as desk
from app.portal.api.feedback import blueprint as feedback
from app.portal.api.notices import blueprint as notices

labels.declare(calls={"answers": _l("Answers")})

BLUEPRINTS = (desk, feedback, notices)

__all__ = ["BLUEPRINTS"]
