"""From the text of cells to values: dates, numbers, words."""
