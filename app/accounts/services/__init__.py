"""Changing people and rights: credentials, sessions, passwords, people, rights, structure, institutions."""

from app.accounts.services import institutions, passwords, people, rights, sessions, structure
from app.accounts.services.credentials import SignInFailed, TooManyFailures, sign_in
from app.accounts.services.passwords import hash_password
from app.accounts.services.people import choose_language, create_person, set_home
from app.accounts.services.rights import sync_roles
from app.accounts.services.sessions import (
    close_session,
    close_sessions,
    issue_token,
    note_seen,
    note_token_used,
    open_session,
)

__all__ = [
    "SignInFailed",
    "TooManyFailures",
    "choose_language",
    "close_session",
    "close_sessions",
    "create_person",
    "hash_password",
    "institutions",
    "issue_token",
    "note_seen",
    "note_token_used",
    "open_session",
    "passwords",
    "people",
    "rights",
    "sessions",
    "set_home",
    "sign_in",
    "structure",
    "sync_roles",
]
