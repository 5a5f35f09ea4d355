"""Compensation: from transactions to credits, attainment and earnings. Pure: no I/O, no clock, no floats.

Each part knows only those before it: ``plans`` (the language), ``facts`` (what a calculation is given), ``crediting``
(from transactions to credits), ``curves`` (from positions to pay) and ``figures`` (of whole periods), ``earnings`` (the
engine), ``payments`` (releases, draws), ``estimates`` (of open deals, in words), ``examples`` (of plan files) and
``review`` (of plans).
"""

from compensation.earnings.calculation import ENGINE_VERSION, Calculation, Provenance, calculate
from compensation.errors import CompensationError, FactsError, PayOverflowError, PlanError
from compensation.estimates.deal_estimate import DealEstimate
from compensation.estimates.estimating import Amounts, DealOutcome, estimate_amounts, estimate_deals, unowned
from compensation.estimates.explaining import Explainer, explain
from compensation.estimates.goal_seek import Goal, Lever, Reached, seek
from compensation.estimates.proposals import Proposal, ProposedLine, ProposedShare, propose
from compensation.estimates.reasons import Money
from compensation.examples.running import failing_examples
from compensation.facts.frames import Facts
from compensation.payments.settlement import Settlement, settle
from compensation.plans.parsing import parse_plan
from compensation.plans.plan import Plan

__all__ = [
    "ENGINE_VERSION",
    "Amounts",
    "Calculation",
    "CompensationError",
    "DealEstimate",
    "DealOutcome",
    "Explainer",
    "Facts",
    "FactsError",
    "Goal",
    "Lever",
    "Money",
    "PayOverflowError",
    "Plan",
    "PlanError",
    "Proposal",
    "ProposedLine",
    "ProposedShare",
    "Provenance",
    "Reached",
    "Settlement",
    "calculate",
    "estimate_amounts",
    "estimate_deals",
    "explain",
    "failing_examples",
    "parse_plan",
    "propose",
    "seek",
    "settle",
    "unowned",
]
