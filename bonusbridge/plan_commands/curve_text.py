"""A payout's curve in the terminal."""

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bonusbridge.plan_commands.curve_notes import notes
from bonusbridge.plan_commands.curve_points import CurveShown

_WIDTH, _HEIGHT = 64, 14
_BLOCKS = " ▁▂▃▄▅▆▇█"


def show_curve(console: Console, shown: CurveShown) -> None:
    """The cumulative pay over the position, the rate below it, and the numbers of both."""
    console.print(f"[bold]{escape(shown.title)}[/]", highlight=False)
    for line in [*_picture(shown), _axis(shown), _rates(shown)]:
        console.print(escape(line), highlight=False, no_wrap=True, overflow="ignore", crop=False)
    console.print(_numbers(shown))
    for note in notes(shown):
        console.print(f"  {escape(note)}", highlight=False)


def _picture(shown: CurveShown) -> Iterator[str]:
    heights = [_height(shown, column) for column in range(_WIDTH + 1)]
    labels = {_HEIGHT - 1: shown.money(shown.top), 0: shown.money(0)}
    margin = _margin(shown)
    for row in reversed(range(_HEIGHT)):
        cells = "".join(_cell(heights, column, row) for column in range(_WIDTH + 1))
        yield f"{labels.get(row, ''):>{margin}} │{cells}".rstrip()


def _cell(heights: list[int], column: int, row: int) -> str:
    """A point of the curve, or the line up to it from where the column before ended."""
    here = heights[column]
    if row == here:
        return "•"
    below = heights[column - 1] if column else here
    return "│" if min(below, here) < row < max(below, here) else " "


def _height(shown: CurveShown, column: int) -> int:
    pay = max(shown.curve.pay_at(shown.last * column // _WIDTH), 0)
    return pay * (_HEIGHT - 1) // shown.top


def _axis(shown: CurveShown) -> str:
    bends = {each.start * _WIDTH // shown.last for each in shown.stretches()}
    line = "".join("┴" if column in bends else "─" for column in range(_WIDTH + 1))
    return f"{'':>{_margin(shown)}} └{line} {shown.position(shown.last)}"


def _rates(shown: CurveShown) -> str:
    """The rate of each column as a block, as high as its part of the highest rate."""
    stretches = list(shown.stretches())
    highest = max((each.rate for each in stretches), default=0)
    blocks = []
    for column in range(_WIDTH + 1):
        at = min(shown.last * column // _WIDTH, shown.last - 1)
        rate = next(each.rate for each in stretches if each.start <= at < each.end)
        blocks.append(_BLOCKS[-(-rate * (len(_BLOCKS) - 1) // highest)] if highest > 0 and rate > 0 else " ")
    return f"{'rate':>{_margin(shown)}}  {''.join(blocks)}".rstrip()


def _numbers(shown: CurveShown) -> Table:
    table = Table("From", "has paid", "at once", "and then pays")
    for each in shown.stretches():
        jump = shown.money(each.jump) if each.jump else ""
        table.add_row(shown.position(each.start), shown.money(each.pay), jump, shown.rate(each.rate))
    return table


def _margin(shown: CurveShown) -> int:
    return len(shown.money(shown.top))
