"""The blueprint of the reports, on which their pages stand."""

from flask import Blueprint

from app.core.db import read_elsewhere

blueprint = Blueprint("reports", __name__, url_prefix="/reports")
blueprint.before_request(read_elsewhere)
