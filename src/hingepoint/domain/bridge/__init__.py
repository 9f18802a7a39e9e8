"""The company's own words and the catalogue: what a word found in files may mean, tying it, untying it."""
