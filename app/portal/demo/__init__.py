"""The demo campus: two campuses, some hundred places, people who do not exist, and a term of history.

Deterministic given seed and moment. Everything goes through the services, so that what stands in the database could
have come about; the clock is moved, nothing is written past the rules. Marked as demo data by the institution's code.
"""
