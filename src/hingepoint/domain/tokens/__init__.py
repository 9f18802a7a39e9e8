"""Keys by which programs use the API with the rights of a person."""
