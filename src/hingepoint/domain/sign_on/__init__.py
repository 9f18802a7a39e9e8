"""Signing in with the company's account: where it is, whose account is whose, and what its groups give."""
