"""What all parts of a generated plan share: the dice, the words, and what may not be generated yet."""

import json
from collections.abc import Collection
from random import Random
from typing import Any

from tests.compensation.worlds.companies import MONEY_FIELD, NUMBER_FIELD

Written = dict[str, Any]

NOT_YET: frozenset[str] = frozenset()
"""Features of the language that are not generated."""

MEASURES: Written = {
    "contract": {"field": MONEY_FIELD, "kind": "money"},
    "seats": {"field": NUMBER_FIELD, "kind": "number"},
    "net": {"difference": ["revenue", {"product": ["margin", "0.25"]}]},
    "both": {"sum": ["revenue", "contract"]},
    "smaller": {"min": ["revenue", "contract"]},
    "larger": {"max": ["margin", "net"]},
    "weighted_seats": {"product": ["seats", "1.5", "0.3333"]},
    "per_piece": {"ratio": ["contract", "4"]},
    "per_seat": {"ratio": ["contract", "seats"]},
    "by_seats": {"product": ["margin", "seats"]},
    "margin_ratio": {"ratio": ["margin", "revenue"]},
    "few_seats": {"min": ["seats", "50.5"]},
    "more_seats": {"sum": ["2.25", "seats", {"max": ["quantity", {"field": NUMBER_FIELD, "kind": "number"}]}]},
}
MONEY = ("revenue", "revenue", "revenue", "margin", "contract", "net", "both", "smaller", "larger", "per_piece")
NUMBERS = ("quantity", "quantity", "count", "deals", "seats", "weighted_seats")
RARE_MONEY, RARE_NUMBERS = ("per_seat", "by_seats"), ("margin_ratio", "few_seats", "more_seats")
"""Measures that are counted only where they are wanted."""
OF_MONEY = frozenset((*MONEY, *RARE_MONEY))
PERIODS = (*("month",) * 3, *("quarter",) * 6, *("half-year", "year") * 3, "week", "two-weeks", "half-month", "ever")
WITHIN_MONTHS = ("week", "two-weeks", "half-month")
OF_PERIODS = ("scorecard", "matrix_pays", "pool", "ranking")
OF_QUOTA = ("revenue", "revenue", "margin", "quantity")


OFTEN = 0.6


class Dice:
    """Throws for one plan; features that are ``wanted`` come up often."""

    def __init__(self, random: Random, number: int, wanted: Collection[str] = ()) -> None:
        self.random, self.number, self.wanted = random, number, wanted
        self.currency = random.choice(("USD", "USD", "EUR", "JPY"))
        self.is_rebate, self.may_multiply, self.looks_at_pay = False, True, False
        self.figures: Written = {}
        self.components: list[Written] = []

    def chance(self, feature: str, probability: float) -> bool:
        """Whether a feature is used here; the dice are thrown whether or not it may be."""
        is_used = self.random.random() < (max(OFTEN, probability) if feature in self.wanted else probability)
        return is_used and feature not in NOT_YET

    def one_of(self, *features: str) -> str:
        return self.random.choice([each for each in features if each.split(":")[-1] not in NOT_YET])

    def turned_to(self, *features: str) -> str | None:
        """One of the features that are wanted; nothing, and no dice thrown, where none is."""
        wanted = [each for each in features if each in self.wanted]
        return self.random.choice(wanted) if wanted and self.random.random() < OFTEN else None


def counts_money(component: Written) -> bool:
    return (component.get("position") or component.get("measure", "revenue")) in OF_MONEY


def sharing(component: Written) -> str:
    """How a component divides a deal."""
    special = component.get("credit_to") if component.get("credit_to") in ("coverage", "customer") else ""
    return json.dumps(
        [special, *(component.get(key) for key in ("when_left", "remainder_to", "role_shares", "recurs"))]
    )


def tiers(written: Written) -> list[Written]:
    payout = written["payout"]
    return payout.get("marginal_tiers") or payout.get("whole_amount_tiers") or []


def is_alone(written: Written) -> bool:
    by_line = {"accumulate_by", "split", "less_paid_below"} & written.keys() or {"cases", "matrix"} & written[
        "payout"
    ].keys()
    return not by_line


def based(component: Written) -> bool:
    """Whether a component has a quota to compare with, by the facts or its own."""
    looks_at = component.get("position") or component.get("measure")
    return looks_at in OF_QUOTA and component["period"] not in (*WITHIN_MONTHS, "ever")


def needs_target(written: Written) -> bool:
    text = json.dumps(written["payout"])
    limits = any("of_target" in written.get(key, {}) for key in ("cap", "floor"))
    parts = "multiplier" in text or any(word in text for word in ('"scorecard"', '"pays"'))
    return written.pop("target_wanted", False) or limits or parts
