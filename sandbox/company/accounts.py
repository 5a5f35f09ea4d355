"""Who buys: some 130 customers in the four regions, each with an owner among the region's reps."""

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from random import Random

import yaml

from sandbox.company.dice import chance, dice
from sandbox.company.staff import FIRST_NUMBER, REGIONS, Person, Region, Staff
from sandbox.salesforce.store.ids import make_id

COUNT = 132
_NAMES = yaml.safe_load(Path(__file__).with_name("names.yaml").read_text(encoding="utf-8"))["companies"]
_SECOND = ("Biotech", "Chemicals", "Foods", "Metals & Co.", "Pharma", "Water", "Energía", "Papier", "Logistics", "Labs")
_INDUSTRIES = ("Biotechnology", "Chemicals", "Food & Beverage", "Manufacturing", "Energy", "Utilities", "Healthcare")


@dataclass(frozen=True, slots=True)
class Customer:
    """``number`` is the ERP's customer number."""

    id: str
    number: str
    name: str
    region: Region
    country: str
    currency: str
    industry: str | None
    owner: Person


def win_customers(seed: int, staff: Staff) -> list[Customer]:
    """The customers, spread evenly over the regions; a few have no industry, a few in Europe buy in dollars."""
    throw = dice(seed, "customers")
    names = [f"{first} {second}" for first, second in product(_NAMES, _SECOND)]
    throw.shuffle(names)
    return [_customer(throw, number, name, staff) for number, name in enumerate(names[:COUNT])]


def _customer(throw: Random, number: int, name: str, staff: Staff) -> Customer:
    region = REGIONS[number % len(REGIONS)]
    return Customer(
        id=make_id("001", FIRST_NUMBER + number),
        number=f"C{20_001 + number}",
        name=name,
        region=region,
        country=throw.choice(region.countries),
        currency="USD" if chance(throw, 8) else region.currency,
        industry=None if chance(throw, 4) else throw.choice(_INDUSTRIES),
        owner=throw.choice([rep for rep in staff.reps_of(region) if rep.left_on is None]),
    )
