"""Finding deals, accounts, people and agreements by the words somebody remembers."""
