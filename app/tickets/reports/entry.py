"""The blueprint of the reports, on which their pages stand."""

from flask import Blueprint

blueprint = Blueprint("reports", __name__, url_prefix="/reports")
