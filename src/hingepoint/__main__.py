"""``python -m hingepoint`` is ``hingepoint``."""

from hingepoint.cli import main

if __name__ == "__main__":  # the server's own processes import this module again
    main(prog_name="hingepoint")
