"""Long work shows what it is doing."""

import io

from rich.console import Console

from bonusbridge.progress import watching


def test_a_terminal_shows_each_stream_with_its_rows() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    with watching(console) as report:
        report("sync", "crm/Opportunity", 2_000)
        report("sync", "crm/Opportunity", 500)
        report("normalise", "crm", 1_000)
    drawn = screen.getvalue()
    assert "sync crm/Opportunity" in drawn
    assert "2,500 rows" in drawn
    assert "normalise crm" in drawn


def test_a_pipe_gets_no_drawing() -> None:
    screen = io.StringIO()
    with watching(Console(file=screen)) as report:
        report("sync", "crm/Opportunity", 2_000)
    assert "\x1b" not in screen.getvalue()
