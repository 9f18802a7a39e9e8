"""From deals and events to the rows that a run looks at."""
