"""Secrets that the database holds encrypted, with a key that is kept outside it."""
