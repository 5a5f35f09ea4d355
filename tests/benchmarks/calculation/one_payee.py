"""One payee after one changed deal, with the credits of everybody in store: CPU milliseconds against what we promise.

``python -m tests.benchmarks.calculation.one_payee 10000000`` measures with as many credits in store.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from compensation import Facts, calculate
from compensation.partitions.crediting import credit_deals
from compensation.partitions.recalculating import CreditStore, Recalculated, Recalculation
from tests.benchmarks import Result
from tests.benchmarks.calculation.company import AS_OF, Company
from tests.benchmarks.calculation.costs import cost

SECONDS = 0.020
_DEAL = "crm:006000000007"
_PLACE = ["payee_id", "component", "period_start"]
_LINE = ("transaction_id", "via_payee_id", "before_minor", "earning_minor")


def run() -> Iterator[Result]:
    """With one million credits in store; what is in store of others is not looked at."""
    yield measure(1_000_000)


def measure(count: int) -> Result:
    """From the documents of the deal to the payee's lines; the cents of a full calculation asserted in a small one."""
    small = _Change(Company.of(20_000))
    small.assert_same()
    change = _Change(Company.of(count))
    seconds = min(cost(change.recalculated) for _ in range(20))
    name = f"one payee after one changed deal, {count / 1_000_000:g} million credits in store"
    return Result(name, seconds / SECONDS, 1.0, f"{SECONDS * 1000:.0f} ms of CPU, ours {seconds * 1000:.1f} ms")


class _Change:
    """A company whose credits are in store, and a deal that is worth more now."""

    def __init__(self, company: Company) -> None:
        facts, self._plans = company.facts, [company.plan]
        is_own = pl.col("deal_id") == _DEAL
        changed = facts.transactions.filter(is_own).with_columns(pl.col("revenue_minor") + 12_345)
        self._facts = replace(facts, transactions=pl.concat([facts.transactions.filter(~is_own), changed]))
        self._deal = replace(facts, transactions=changed, participants=facts.participants.filter(is_own))
        self._unit = "payee " + str(self._deal.participants["payee_id"][0])
        store = CreditStore(credit_deals(facts, self._plans, as_of=AS_OF).credits)
        self._recalculation = Recalculation(_without_deals(facts), self._plans, store, as_of=AS_OF)

    def recalculated(self) -> Recalculated:
        return self._recalculation.of(self._unit, [_DEAL], self._recalculation.credited(self._deal))

    def assert_same(self) -> None:
        found = self.recalculated().lines
        full = calculate(self._facts, self._plans, as_of=AS_OF).lines.join(found, on=_PLACE, how="semi")
        mine, theirs = (frame.select(*_PLACE, *_LINE).sort(*_PLACE, *_LINE) for frame in (found, full))
        assert not mine.is_empty()
        assert mine.equals(theirs)


def _without_deals(facts: Facts) -> Facts:
    return replace(facts, transactions=facts.transactions.clear(), participants=facts.participants.clear())


if __name__ == "__main__":
    sys.stdout.write(f"{measure(int(sys.argv[1]))}\n")
