"""From tables to the frames of ``analysis.frames``: headings understood, rules applied, rows checked."""
