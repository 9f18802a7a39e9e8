"""Sheets of people: read, compared with who is here, shown, and stored as a whole."""
