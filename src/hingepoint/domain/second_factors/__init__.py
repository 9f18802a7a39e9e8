"""Codes of an authenticator app, beside a password."""
