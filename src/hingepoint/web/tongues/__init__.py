"""Templates in other languages: written in English, their sentences are exchanged before Jinja2 compiles them."""
