"""Who sells: a VP, four regional managers, ten reps each, and an overlay specialist for every region."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import yaml

from sandbox.company.dice import chance, dice
from sandbox.company.quarters import quarter_start, quarters, quarters_later
from sandbox.salesforce.store.ids import make_id

FIRST_NUMBER = 10_000_000
"""Ids of generated records start here, far above those that the org gives by itself."""
REPS_PER_REGION = 10
_NAMES = yaml.safe_load(Path(__file__).with_name("names.yaml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Region:
    """``tax_basis_points`` of an amount are the sales tax or VAT of its invoices."""

    name: str
    code: str
    currency: str
    countries: tuple[str, ...]
    tax_basis_points: int


@dataclass(frozen=True, slots=True)
class Person:
    """``quota_minor`` is a rep's for the first quarter, in ``currency``; ``left_on`` None: still here."""

    id: str
    first_name: str
    last_name: str
    title: str
    region: Region | None
    currency: str
    manager_id: str | None
    hired_on: date
    quota_minor: int = 0
    left_on: date | None = None
    is_overlay: bool = False

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def email(self) -> str:
        plain = unicodedata.normalize("NFKD", self.name).encode("ascii", "ignore").decode().lower()
        return f"{plain.replace(' ', '.')}@larkfield.example"


@dataclass(frozen=True, slots=True)
class Staff:
    vice_president: Person
    managers: tuple[Person, ...]
    reps: tuple[Person, ...]
    specialists: tuple[Person, ...]

    @property
    def everybody(self) -> tuple[Person, ...]:
        return (self.vice_president, *self.managers, *self.reps, *self.specialists)

    def reps_of(self, region: Region) -> list[Person]:
        return [rep for rep in self.reps if rep.region == region]

    def specialist_of(self, region: Region) -> Person:
        return next(person for person in self.specialists if person.region == region)


@dataclass(frozen=True, slots=True)
class Quota:
    id: str
    person: Person
    starts_on: date
    amount_minor: int


REGIONS = (
    Region("North America", "NA", "USD", ("United States", "Canada"), 725),
    Region("United Kingdom and Ireland", "UKI", "GBP", ("United Kingdom", "Ireland"), 2000),
    Region("Continental Europe", "EU", "EUR", ("Germany", "France", "Netherlands", "Spain"), 1900),
    Region("Asia Pacific", "APAC", "USD", ("Singapore", "Australia", "Japan"), 900),
)


def hire(seed: int, start: date) -> Staff:
    """The staff since ``start``: most were there before, some reps came later, one left in the second year."""
    throw = dice(seed, "staff")
    names = _names(throw)
    long_ago = start - timedelta(days=400)
    president = _person(next(names), "Vice President of Sales", None, None, long_ago)
    managers = [_person(next(names), "Regional Sales Manager", region, president, long_ago) for region in REGIONS]
    reps = [_rep(throw, next(names), manager, start) for manager in managers for _ in range(REPS_PER_REGION)]
    reps[-1] = replace(reps[-1], hired_on=long_ago, left_on=quarters_later(start, 6) + timedelta(days=45))
    specialists = [
        replace(_person(next(names), "Solutions Specialist", manager.region, manager, long_ago), is_overlay=True)
        for manager in managers
    ]
    return Staff(president, tuple(managers), tuple(reps), tuple(specialists))


def set_quotas(staff: Staff, start: date, today: date) -> list[Quota]:
    """Per quarter from ``start`` to the one after the next: reps' own, growing by 2 %; teams' are 95 % of their sums.

    A specialist's quota is 40 % of the region's; the vice president's is the sum of the regions, in thousands of
    dollars at plan rates.
    """
    quotas = []
    for number, quarter in enumerate(quarters(start, quarters_later(quarter_start(today), 2))):
        amounts = {rep: _grown(rep.quota_minor, number) for rep in staff.reps if _sells_in(rep, quarter)}
        for manager, specialist in zip(staff.managers, staff.specialists, strict=True):
            team = sum(amount for rep, amount in amounts.items() if rep.manager_id == manager.id)
            amounts[manager], amounts[specialist] = _thousands(team * 95 // 100), _thousands(team * 40 // 100)
        regions = sum(amounts[manager] * _PLAN_RATES[manager.currency] // 100 for manager in staff.managers)
        amounts[staff.vice_president] = _thousands(regions)
        quotas += [(person, quarter, amount) for person, amount in amounts.items()]
    return [Quota(make_id("0J9", FIRST_NUMBER + number), *quota) for number, quota in enumerate(quotas)]


_PLAN_RATES = {"USD": 100, "EUR": 109, "GBP": 127}  # dollars per hundred


def _names(throw: Random) -> Iterator[tuple[str, str, str]]:
    lasts = list(_NAMES["last_names"])
    throw.shuffle(lasts)
    for number, (first, last) in enumerate(zip(_NAMES["first_names"], lasts, strict=True)):
        yield make_id("005", FIRST_NUMBER + number), first, last


def _person(
    name: tuple[str, str, str], title: str, region: Region | None, manager: Person | None, hired_on: date
) -> Person:
    currency = region.currency if region else "USD"
    return Person(*name, title, region, currency, manager.id if manager else None, hired_on)


def _rep(throw: Random, name: tuple[str, str, str], manager: Person, start: date) -> Person:
    is_senior = chance(throw, 40)
    quota = throw.randrange(210, 300, 10) if is_senior else throw.randrange(120, 190, 10)
    hired_on = quarters_later(start, throw.randint(1, 5)) if chance(throw, 12) else manager.hired_on
    title = "Senior Account Executive" if is_senior else "Account Executive"
    return replace(_person(name, title, manager.region, manager, hired_on), quota_minor=quota * 100_000)


def _sells_in(rep: Person, quarter: date) -> bool:
    return rep.hired_on <= quarter and (rep.left_on is None or quarter < rep.left_on)


def _grown(quota_minor: int, quarters_on: int) -> int:
    return _thousands(quota_minor * (100 + 2 * quarters_on) // 100)


def _thousands(amount_minor: int) -> int:
    return amount_minor // 100_000 * 100_000
