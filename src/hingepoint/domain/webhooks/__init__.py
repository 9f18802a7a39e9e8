"""Telling other programs what changed, by the rules of Standard Webhooks 1.0.0."""
