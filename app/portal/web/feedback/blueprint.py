"""The blueprint of feedback."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("feedback", __name__, url_prefix="/feedback")
