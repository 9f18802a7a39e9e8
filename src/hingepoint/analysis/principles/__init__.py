"""Whether deals end better where a principle was kept: what is kept is read from the log, what it does by discovery."""
