"""One module a file format: from a file to headings and batches of cells."""
