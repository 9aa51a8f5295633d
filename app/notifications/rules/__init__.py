"""Pure rules of notifications: kinds and addresses."""
