"""Webhooks: what happens here, told to other systems by signed HTTP calls (Standard Webhooks).

`models` the endpoints and their messages, `services` what administrators do and `announce`, `handlers` the delivery,
`calling` the one place that opens a connection to an address somebody typed.
"""
