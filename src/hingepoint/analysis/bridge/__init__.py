"""Which type of the catalogue a company's own word means: by its name, and by how it is used in the sale."""
