"""People and groups that the company's directory looks after by itself. Their tables stand with those of signing in."""
