"""Shapes of the portal's forms and API, one file per noun."""
