"""What ``hingepoint demo`` tells while it makes the company and nobody watches a terminal."""

from hingepoint.cli import demo


def test_without_a_terminal_a_line_is_written_every_few_per_cent(capsys):
    with demo._progress() as tell:
        for doing, share in (
            ("Living", 0.0), ("Living", 0.01), ("Hiring", 0.05), ("Hiring", 0.08), ("Reading", 0.5), ("Ready", 1.0)
        ):  # fmt: skip
            tell(doing, share)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["  0%  Living", "  5%  Hiring", " 50%  Reading", "100%  Ready"]
