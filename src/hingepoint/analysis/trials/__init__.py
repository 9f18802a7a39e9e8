"""Trials by lot: planned, drawn, judged."""
