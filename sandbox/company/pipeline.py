"""What was and is being sold: opportunities in all stages with their lines and splits.

Wins are drawn per rep and quarter and sized so that they meet an attainment of the rep's quota that people in the field
would believe (about 40 % to 150 %, some far off); losses and open deals are drawn from the same sizes unscaled.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from sandbox.company.accounts import Customer
from sandbox.company.catalogue import PRODUCTS, Product
from sandbox.company.dice import chance, day_between, dice, from_quantiles
from sandbox.company.quarters import quarter_end, quarter_start, quarters_later
from sandbox.company.staff import FIRST_NUMBER, Person, Quota, Staff
from sandbox.salesforce.store.ids import make_id

WON, LOST = "Closed Won", "Closed Lost"
_OPEN_STAGES = (  # stage, its weight when the deal closes this quarter, the next, or later
    ("Prospecting", (2, 20, 40)),
    ("Qualification", (5, 22, 30)),
    ("Needs Analysis", (10, 20, 15)),
    ("Value Proposition", (18, 18, 10)),
    ("Proposal/Price Quote", (33, 13, 4)),
    ("Negotiation/Review", (32, 7, 1)),
)
_SIZES = (  # per mille, whole units of currency: roughly log-normal around 24,000
    (0, 1_500), (50, 4_200), (150, 8_300), (300, 14_000), (500, 24_000), (700, 41_000),
    (850, 72_000), (950, 140_000), (990, 290_000), (1000, 620_000),
)  # fmt: skip
_LOST_PER_REP, _OPEN_PER_REP = 35, 11
_VERY_LARGE = (1_950_000, 1_420_000, 1_180_000, 990_000, 870_000, 760_000, 640_000, 580_000)


@dataclass(frozen=True, slots=True)
class Line:
    id: str
    product: Product
    quantity: int
    unit_price_minor: int

    @property
    def amount_minor(self) -> int:
        return self.quantity * self.unit_price_minor


@dataclass(frozen=True, slots=True)
class Split:
    """``percent`` of the amount; owners' splits add up to 100, an overlay comes on top."""

    id: str
    person: Person
    percent: int
    is_overlay: bool = False


@dataclass(frozen=True, slots=True)
class Deal:
    """An opportunity. Without lines it has no amount yet."""

    id: str
    number: int
    customer: Customer
    owner: Person
    stage: str
    created_on: date
    modified_on: date
    close_on: date
    lines: tuple[Line, ...]
    splits: tuple[Split, ...]

    @property
    def amount_minor(self) -> int | None:
        return sum(line.amount_minor for line in self.lines) if self.lines else None

    @property
    def is_open(self) -> bool:
        return self.stage not in {WON, LOST}


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is decided of a deal before its lines: ``size`` in whole units of currency."""

    customer: Customer
    owner: Person
    stage: str
    close_on: date
    size: int


def sell(
    seed: int, staff: Staff, customers: Sequence[Customer], quotas: Sequence[Quota], start: date, today: date
) -> list[Deal]:
    """All opportunities, in order of creation; nothing happened later than the day before ``today``."""
    yesterday = today - timedelta(days=1)
    plans = [
        *_wins(dice(seed, "wins"), staff, customers, quotas, yesterday),
        *_losses(dice(seed, "losses"), staff, customers, start, yesterday),
        *_open(dice(seed, "open"), staff, customers, today),
    ]
    throw = dice(seed, "deals")
    dated = sorted(
        ((_created_on(throw, plan, yesterday), position, plan) for position, plan in enumerate(plans)),
        key=lambda entry: entry[:2],
    )
    numbers = iter(range(FIRST_NUMBER, FIRST_NUMBER + 100_000))
    return [
        _deal(throw, number, plan, created_on, yesterday, staff, numbers)
        for number, (created_on, _, plan) in enumerate(dated)
    ]


def _wins(
    throw: Random, staff: Staff, customers: Sequence[Customer], quotas: Sequence[Quota], yesterday: date
) -> Iterator[_Plan]:
    reps = set(staff.reps)
    for quota in (quota for quota in quotas if quota.person in reps and quota.starts_on <= yesterday):
        start, end = quota.starts_on, min(quarter_end(quota.starts_on), yesterday)
        elapsed = _days(start, end) * 100 // _days(start, quarter_end(start))
        target = quota.amount_minor // 100 * _attainment_percent(throw) * elapsed // 10_000
        sizes = [from_quantiles(throw, _SIZES) for _ in range(max(1, throw.randint(2, 5) * elapsed // 100))]
        for size in sizes:
            customer = _customer(throw, customers, quota.person)
            yield _Plan(customer, quota.person, WON, _won_on(throw, start, end), target * size // sum(sizes))


def _won_on(throw: Random, start: date, end: date) -> date:
    """Rather late in the quarter than early."""
    days_before = min(throw.randrange(92), throw.randrange(92)) % _days(start, end)
    return end - timedelta(days=days_before)


def _days(first: date, last: date) -> int:
    return (last - first).days + 1


def _attainment_percent(throw: Random) -> int:
    usual = 40 + sum(throw.randrange(37) for _ in range(3))
    if chance(throw, 4):
        return usual * 17 // 10
    return usual // 2 if chance(throw, 5) else usual


def _losses(
    throw: Random, staff: Staff, customers: Sequence[Customer], start: date, yesterday: date
) -> Iterator[_Plan]:
    for rep in staff.reps:
        first, last = max(start, rep.hired_on), min(yesterday, rep.left_on or yesterday)
        for _ in range(_LOST_PER_REP * (last - first).days // (yesterday - start).days):
            size = from_quantiles(throw, _SIZES)
            yield _Plan(_customer(throw, customers, rep), rep, LOST, day_between(throw, first, last), size)


def _open(throw: Random, staff: Staff, customers: Sequence[Customer], today: date) -> Iterator[_Plan]:
    reps = [rep for rep in staff.reps if rep.left_on is None]
    sizes = [
        *_VERY_LARGE,
        *(from_quantiles(throw, _SIZES) for _ in range(_OPEN_PER_REP * len(reps) - len(_VERY_LARGE))),
    ]
    for position, size in enumerate(sizes):
        rep = reps[position % len(reps)]
        quarters_on = throw.choices((0, 1, 2), weights=(40, 40, 20))[0]
        quarter = quarters_later(quarter_start(today), quarters_on)
        close_on = day_between(throw, max(quarter, today), quarter_end(quarter))
        if chance(throw, 3):  # nobody has moved the date of a deal that should have closed
            close_on = today - timedelta(days=throw.randint(1, 20))
        stages, weights = zip(*((stage, by_quarter[quarters_on]) for stage, by_quarter in _OPEN_STAGES), strict=True)
        stage = throw.choices(stages, weights=weights)[0]
        yield _Plan(_customer(throw, customers, rep), rep, stage, close_on, size)


def _customer(throw: Random, customers: Sequence[Customer], rep: Person) -> Customer:
    """Mostly one of the rep's own, otherwise one of the region."""
    own = [customer for customer in customers if customer.owner == rep]
    if own and chance(throw, 70):
        return throw.choice(own)
    return throw.choice([customer for customer in customers if customer.region == rep.region])


def _created_on(throw: Random, plan: _Plan, yesterday: date) -> date:
    if plan.stage in {WON, LOST}:
        return plan.close_on - timedelta(days=throw.randint(18, 150))
    return yesterday - timedelta(days=throw.randint(2, 140))


def _deal(
    throw: Random, number: int, plan: _Plan, created_on: date, yesterday: date, staff: Staff, numbers: Iterator[int]
) -> Deal:
    has_amount = plan.stage not in {"Prospecting", "Qualification"} or chance(throw, 80)
    is_closed = plan.stage in {WON, LOST}
    return Deal(
        id=make_id("006", FIRST_NUMBER + number),
        number=number + 1,
        customer=plan.customer,
        owner=plan.owner,
        stage=plan.stage,
        created_on=created_on,
        modified_on=plan.close_on if is_closed else day_between(throw, created_on, yesterday),
        close_on=plan.close_on,
        lines=tuple(_lines(throw, plan, numbers)) if has_amount else (),
        splits=tuple(_splits(throw, plan, staff, numbers)),
    )


def _lines(throw: Random, plan: _Plan, numbers: Iterator[int]) -> Iterator[Line]:
    """One to four products whose amounts come near to the size, at up to 20 % off the list price."""
    discount = throw.choice((0, 0, 0, 5, 8, 10, 15, 20))
    wanted = throw.choices((1, 2, 3, 4), weights=(25, 40, 25, 10))[0]
    affordable = [product for product in PRODUCTS if product.list_price_minor // 100 * wanted <= plan.size]
    products = throw.sample(affordable or [_CHEAPEST], min(wanted, len(affordable) or 1))
    for product in products:
        unit_price = product.price_minor(plan.customer.currency) * (100 - discount) // 100
        share = plan.size * 100 // len(products)
        quantity = max(1, (share + unit_price // 2) // unit_price)
        yield Line(make_id("00k", next(numbers)), product, quantity, unit_price)


def _splits(throw: Random, plan: _Plan, staff: Staff, numbers: Iterator[int]) -> Iterator[Split]:
    region = plan.customer.region
    colleagues = [rep for rep in staff.reps_of(region) if rep != plan.owner and _worked_on(rep, plan.close_on)]
    given_away = throw.choice((20, 30, 40, 50)) if chance(throw, 18) else 0
    yield Split(make_id("1QT", next(numbers)), plan.owner, 100 - given_away)
    if given_away:
        yield Split(make_id("1QT", next(numbers)), throw.choice(colleagues), given_away)
    if chance(throw, 15):
        yield Split(
            make_id("1QT", next(numbers)), staff.specialist_of(region), throw.choice((50, 100)), is_overlay=True
        )


def _worked_on(rep: Person, day: date) -> bool:
    return rep.hired_on <= day and (rep.left_on is None or day < rep.left_on)


_CHEAPEST = min(PRODUCTS, key=lambda product: product.list_price_minor)
