"""Journeys in a real browser over the real product: supervisor, servers, worker, demo campus."""
