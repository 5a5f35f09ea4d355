"""Generated companies and plans: rows of facts and plan files, from a seed."""

from collections.abc import Collection
from datetime import date
from random import Random

from compensation import Plan
from tests.compensation.oracle.company import Row
from tests.compensation.worlds.companies import LAST, REPS, Rows, company
from tests.compensation.worlds.dice import NOT_YET
from tests.compensation.worlds.histories import with_history, with_payers
from tests.compensation.worlds.oddities import with_oddities
from tests.compensation.worlds.plans import plans
from tests.compensation.worlds.rows import facts_of, frame

__all__ = ["LAST", "NOT_YET", "facts_of", "frame", "settled_plans", "settled_world", "world"]


def world(seed: int, count: int = 20, wanted: Collection[str] = ()) -> tuple[Rows, list[Plan]]:
    """A company and ``count`` plans, in which what is ``wanted`` comes up often; the same for the same seed."""
    random = Random(seed)  # noqa: S311  # the same world for the same seed
    rows = company(random, 110)
    if "oddities" in wanted:
        rows = with_oddities(random, rows)
    written = [each for number in range(count) for each in plans(random, number, wanted)]
    rows["targets"] = _targets(random, written)
    return rows, written


_AS_OF = (LAST, LAST, date(2026, 9, 16), date(2027, 4, 30))


def settled_world(seed: int, count: int = 6) -> tuple[Rows, list[Plan], date]:
    """A company, plans with terms of release and payment, what earlier closes posted and paid, and today."""
    random, written = _paying(seed, count)
    rows = with_payers(random, company(random, 110))
    rows["targets"] = _targets(random, written)
    as_of = random.choice(_AS_OF)
    return with_history(random, rows, written, as_of), written, as_of


def settled_plans(seed: int, count: int = 6) -> list[Plan]:
    """The plans of that world alone."""
    return _paying(seed, count)[1]


def _paying(seed: int, count: int) -> tuple[Random, list[Plan]]:
    random = Random(seed)  # noqa: S311  # the same world for the same seed
    return random, [each for number in range(count) for each in plans(random, number, paying=random)]


def _targets(random: Random, plans: list[Plan]) -> list[Row]:
    """Target pay month by month for components that ask for each payee's own."""
    names = {each.name for plan in plans for each in plan.components if each.target_pay and each.target_pay.each_payee}
    months = [(f"2026-{month:02}-01", f"{2026 + month // 12}-{month % 12 + 1:02}-01") for month in range(1, 13)]
    rows: list[Row] = []
    for name in sorted(names):
        for payee in REPS:
            target = random.randrange(20_000, 400_000)
            rows += [
                {
                    "payee_id": payee,
                    "component": name,
                    "from_on": date.fromisoformat(start),
                    "to_on": date.fromisoformat(end),
                    "target_minor": target,
                    "currency": "USD",
                }
                for start, end in months
            ]
    return rows
