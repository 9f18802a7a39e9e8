"""The five market pressures read from deals: how many feel them, what they do, and which agreements answer them."""

from hingepoint.analysis.pressures.reading import read
from hingepoint.analysis.pressures.shape import Facts, Report

__all__ = ["Facts", "Report", "read"]
