"""Keyed hashes of values that must be recognised again but never read: HMAC-SHA256 under a key derived per purpose.

The key comes from the application's secret; older secrets (`SECRET_KEY_FALLBACKS`) still recognise what they hashed, so
keep an old secret there as long as values hashed with it are stored.
"""

from __future__ import annotations

import hashlib
import hmac

from flask import current_app


def keyed_hashes(purpose: str, value: str) -> tuple[str, ...]:
    """Hex of the value's hash under the present secret (what is stored), then under each older one."""
    secrets = (current_app.config["SECRET_KEY"], *current_app.config.get("SECRET_KEY_FALLBACKS", ()))
    return tuple(hash_with(secret, purpose, value) for secret in secrets)


def hash_with(secret: str, purpose: str, value: str) -> str:
    """Hex of HMAC-SHA256 of the value; the key is derived from the secret for this purpose alone."""
    key = hmac.digest(secret.encode(), f"houqin:{purpose}".encode(), hashlib.sha256)
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()
