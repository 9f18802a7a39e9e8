"""Findings: how much evidence stands behind one."""

from __future__ import annotations

import enum


class Grade(enum.StrEnum):
    """Evidence grade of a finding. Harmful = strong or moderate with an effect against the metric."""

    STRONG = "strong"
    MODERATE = "moderate"
    WEAK = "weak"
    NONE = "none"
    EXCLUDED = "excluded"
