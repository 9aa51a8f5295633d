"""People, their identifiers, homes and org units; crews, roles, sign-in, sessions, tokens."""
