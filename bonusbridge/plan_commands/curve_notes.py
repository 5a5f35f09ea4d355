"""What a picture of a curve does not show: caps, floors, gates and modifiers, in words."""

from collections.abc import Iterator

from bonusbridge.plan_commands.curve_points import CurveShown, plain
from compensation.exact import rounded
from compensation.plans.figures import Gate, Otherwise
from compensation.plans.limits import Limit
from compensation.plans.typed_numbers import Bound, Number


def notes(shown: CurveShown) -> Iterator[str]:
    """One line for each thing that has to be known beside the picture."""
    component = shown.component
    by = "" if component.looks_at == component.measure else f", by tiers of {component.looks_at}"
    yield f"period: {component.period}; paid on {component.measure}{by}"
    if shown.quota is not None:
        yield f"quota: {shown.position(shown.quota).partition('(')[2].rstrip(')')}"
    if component.needs_target and shown.target_minor is not None:
        yield f"target pay: {shown.money(rounded(shown.target_minor))}"
    if component.mode is not component.mode.CURVE:
        yield f"mode {component.mode}: a credit is paid at a rate found here, not by the walk along the curve"
    if component.cap:
        yield f"cap: {_limit(component.cap)}"
    if component.floor:
        yield f"floor: {_limit(component.floor)}"
    yield from (_gate(gate) for gate in component.gates)
    yield from (f"modifier: '{each.modifier}' multiplies the pay" for each in component.modifiers)
    yield from (f"cap over several: '{cap.cap}'" for cap in shown.plan.caps if component.name in cap.components)


def _limit(limit: Limit) -> str:
    number = limit.amount or limit.of_target
    of_target = " of the target pay" if limit.of_target else ""
    return f"{_number(number)}{of_target} per {limit.per}" if number else ""


def _gate(gate: Gate) -> str:
    comparison, number = gate.condition
    covers = f" (above {_number(gate.covers)})" if gate.covers else ""
    left = gate.otherwise.value.replace("_", " ") if isinstance(gate.otherwise, Otherwise) else _number(gate.otherwise)
    return f"gate{covers}: '{gate.figure}' {comparison.replace('_', ' ')} {_number(number)}, otherwise {left}"


def _number(number: Number | Bound) -> str:
    return f"{plain(number.value * 100)}%" if number.is_percent else plain(number.value)
