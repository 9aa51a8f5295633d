"""Changing what the portal keeps, one file per noun."""
