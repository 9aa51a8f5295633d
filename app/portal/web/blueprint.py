"""The blueprint all pages of the portal hang on."""

from flask import Blueprint

blueprint = Blueprint("portal", __name__)
