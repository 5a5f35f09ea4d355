"""Terms: what a period and a payee add to a rule before its curve can be compiled."""

from fractions import Fraction
from typing import NamedTuple


class Terms(NamedTuple):
    """``quota`` in integer units of the position, ``target_minor`` in minor units; None where nothing needs them.

    ``failed``: the gates (by their number in the component) that are not passed. ``factor``: the product of the
    modifiers. ``opening_share``: the part of the fixed pay for those who have the plan for a part of the period.
    """

    quota: int | None = None
    target_minor: Fraction | None = None
    factor: Fraction = Fraction(1)
    failed: tuple[int, ...] = ()
    opening_share: Fraction = Fraction(1)


PLAIN_TERMS = Terms()
"""The terms of a component that nothing of a payee or period changes."""
