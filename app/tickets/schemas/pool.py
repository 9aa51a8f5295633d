"""What the API of the pool takes."""

from __future__ import annotations

from marshmallow import fields

from app.core import forms


class Claim(forms.Schema):
    """Nothing is said but that the caller of the address takes the order."""


class Pooling(forms.Schema):
    """`POST /work-orders/{id}/pool`."""

    pooled = fields.Boolean(load_default=True, truthy={True}, falsy={False})
