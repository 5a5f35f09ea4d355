"""A payout's curve as an SVG picture: cumulative pay above, the rate of each stretch below."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from html import escape

from bonusbridge.plan_commands.curve_notes import notes
from bonusbridge.plan_commands.curve_points import CurveShown, Stretch

_LEFT, _RIGHT, _TOP = 130, 70, 44
_WIDTH, _PAY_HEIGHT, _RATE_HEIGHT, _GAP, _LINE = 620, 280, 90, 46, 20


def svg(curves: Sequence[CurveShown]) -> str:
    """One picture, the curves below each other."""
    panels = [list(_panel(shown)) for shown in curves]
    heights = [_height(shown) for shown in curves]
    tops = [sum(heights[:number]) for number in range(len(heights))]
    groups = [
        f'<g transform="translate(0 {top})">\n{line}\n</g>'
        for top, line in zip(tops, map("\n".join, panels), strict=True)
    ]
    size = f'width="{_LEFT + _WIDTH + _RIGHT}" height="{sum(heights)}"'
    style = "text{font:12px sans-serif;fill:#222} .pay{fill:none;stroke:#0b5cad;stroke-width:2}"
    style += " .jump{stroke:#0b5cad;stroke-dasharray:3 3} .axis{stroke:#888} .bend{stroke:#ddd} .rate{fill:#8fb8e0}"
    return "\n".join(
        [f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">', f"<style>{style}</style>", *groups, "</svg>\n"]
    )


def _panel(shown: CurveShown) -> Iterator[str]:
    stretches = list(shown.stretches())
    floor = _TOP + _PAY_HEIGHT
    yield _text(_LEFT, 22, shown.title, "start", "font-weight:bold")
    for each in stretches[1:]:
        x = _x(shown, each.start)
        yield f'<line class="bend" x1="{x}" x2="{x}" y1="{_TOP}" y2="{floor + _GAP + _RATE_HEIGHT}"/>'
    yield f'<path class="axis" fill="none" d="M{_LEFT} {_TOP}V{floor}H{_LEFT + _WIDTH}"/>'
    yield from _pay(shown, stretches)
    yield from _rates(shown, stretches)
    edges = {_x(shown, edge): edge for edge in [shown.last, *(each.start for each in reversed(stretches))]}
    for x in _apart(edges, 60 if shown.quota else 110):
        yield _text(x, floor + 16, shown.position(edges[x]).partition(" (")[0], "middle")
    pays = {_y(shown, pay): pay for pay in (*(each.pay for each in stretches), shown.top, 0)}
    for y in _apart(pays, 14):
        yield _text(_LEFT - 8, y + 4, shown.money(pays[y]), "end")
    for number, note in enumerate(notes(shown)):
        yield _text(_LEFT, floor + _GAP + _RATE_HEIGHT + _LINE * (number + 1), note, "start")


def _pay(shown: CurveShown, stretches: list[Stretch]) -> Iterator[str]:
    for each in stretches:
        start, end = _x(shown, each.start), _x(shown, each.end)
        reached = _y(shown, each.pay + each.rate * (each.end - each.start))
        if each.jump:
            below = _y(shown, each.pay - each.jump)
            yield f'<line class="jump" x1="{start}" x2="{start}" y1="{below}" y2="{_y(shown, each.pay)}"/>'
        yield f'<path class="pay" d="M{start} {_y(shown, each.pay)}L{end} {reached}"/>'


def _rates(shown: CurveShown, stretches: list[Stretch]) -> Iterator[str]:
    highest = max([Fraction(0), *(each.rate for each in stretches)])
    floor = _TOP + _PAY_HEIGHT + _GAP + _RATE_HEIGHT
    for each in stretches:
        height = int(_RATE_HEIGHT * each.rate / highest) if highest and each.rate > 0 else 0
        start, end = _x(shown, each.start), _x(shown, each.end)
        yield f'<rect class="rate" x="{start}" y="{floor - height}" width="{end - start}" height="{height}"/>'
        yield _text((start + end) // 2, floor - 6, shown.rate(each.rate), "middle")


def _apart(places: Iterable[int], distance: int) -> list[int]:
    """Ascending places, without those too near to one before: labels must not lie on each other."""
    kept: list[int] = []
    for place in sorted(places):
        if not kept or place - kept[-1] >= distance:
            kept.append(place)
    return kept


def _height(shown: CurveShown) -> int:
    return _TOP + _PAY_HEIGHT + _GAP + _RATE_HEIGHT + _LINE * (len(list(notes(shown))) + 1)


def _x(shown: CurveShown, position: int) -> int:
    return _LEFT + _WIDTH * position // shown.last


def _y(shown: CurveShown, pay: int | Fraction) -> int:
    return int(_TOP + _PAY_HEIGHT - _PAY_HEIGHT * Fraction(pay) / shown.top)


def _text(x: int, y: int, text: str, anchor: str, style: str = "") -> str:
    styled = f' style="{style}"' if style else ""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}"{styled}>{escape(text)}</text>'
