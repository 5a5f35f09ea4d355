"""Compensation: from transactions to credits, attainment and earnings. Pure: no I/O, no clock, no floats."""

from compensation.calculation import Calculation, calculate
from compensation.deal_estimate import DealEstimate
from compensation.errors import CompensationError, FactsError, PayOverflowError, PlanError
from compensation.estimates import DealOutcome, estimate_deals, unowned
from compensation.explaining import explain
from compensation.facts import Facts
from compensation.plan import Plan
from compensation.plan_files import parse_plan
from compensation.proposals import Proposal, ProposedLine, ProposedShare, propose

__all__ = [
    "Calculation",
    "CompensationError",
    "DealEstimate",
    "DealOutcome",
    "Facts",
    "FactsError",
    "PayOverflowError",
    "Plan",
    "PlanError",
    "Proposal",
    "ProposedLine",
    "ProposedShare",
    "calculate",
    "estimate_deals",
    "explain",
    "parse_plan",
    "propose",
    "unowned",
]
