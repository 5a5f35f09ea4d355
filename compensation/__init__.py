"""Compensation: from transactions to credits, attainment and earnings. Pure: no I/O, no clock, no floats."""

from compensation.calculation import Calculation, calculate
from compensation.errors import CompensationError, FactsError, PayOverflowError, PlanError
from compensation.facts import Facts
from compensation.plan import Plan
from compensation.plan_files import parse_plan

__all__ = [
    "Calculation",
    "CompensationError",
    "Facts",
    "FactsError",
    "PayOverflowError",
    "Plan",
    "PlanError",
    "calculate",
    "parse_plan",
]
