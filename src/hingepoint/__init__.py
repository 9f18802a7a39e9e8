"""Hingepoint finds the few agreements that decide a company's sales, and helps its people win them."""

__version__ = "0.1.0"
