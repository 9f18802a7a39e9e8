"""From rows to sums of products, in pieces, kept between runs, here or on Spark."""
