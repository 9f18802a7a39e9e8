"""The same person twice: found, offered, and made one without losing anything."""
