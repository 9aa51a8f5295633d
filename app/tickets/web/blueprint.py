"""The blueprint all pages of tickets for reporters and desk staff hang on."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("tickets", __name__)
