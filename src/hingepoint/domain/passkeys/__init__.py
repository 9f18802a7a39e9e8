"""Passkeys: keys that somebody's device or security key holds, and signs in with instead of a password."""
