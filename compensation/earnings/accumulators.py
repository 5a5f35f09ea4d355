"""Accumulators: whose pay adds up, on which curve; walks: whose positions run together, and from where."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import polars as pl

from compensation.columns import repeated, rows_of
from compensation.curves.compiling import FIXED_PAY, compile_curve
from compensation.curves.curve import Curve, segments_frame
from compensation.curves.terms import PLAIN_TERMS, Terms
from compensation.earnings.terms import TermsBook
from compensation.errors import PayOverflowError
from compensation.exact import MAX_MINOR, exact_series
from compensation.exact_columns import magnitude, narrowest
from compensation.names import NAME
from compensation.packing import first_occurrences, order_of
from compensation.plans.periods import Period
from compensation.plans.rules import Rule


class AccumulatorKey(NamedTuple):
    """Whose pay adds up: a payee's, in a rule, for what ``accumulates_for`` names, over a period; in a scenario."""

    scenario: str
    rule: int
    payee_id: str
    accumulates_for: str
    period: Period


_KEYS = ("scenario", "rule", "payee_id", "accumulates_for", "period_start")


class Entered(NamedTuple):
    """The accumulators that credits enter, in a fixed order, and for each credit the place of its own among them."""

    keys: list[AccumulatorKey]
    places: pl.Series


def entered_by(credited: pl.DataFrame) -> Entered:
    """The accumulators of the credits; a rule's periods that begin together are one."""
    is_alone = bool((credited["payee_id"] == credited["accumulates_for"]).all())
    columns = [name for name in _KEYS if not (is_alone and name == "accumulates_for")]
    first, places = first_occurrences(credited, columns)
    found = rows_of(credited, first, [*_KEYS, "period_label", "period_end"])
    order = order_of(found, _KEYS)
    if order is not None:
        ranks = repeated(0, len(order), pl.Int64()).scatter(order, pl.int_range(len(order), eager=True))
        found, places = rows_of(found, order), ranks[places]
    keys = [
        AccumulatorKey(scenario, rule, payee_id, accumulates_for, Period(label, start, end))
        for scenario, rule, payee_id, accumulates_for, start, label, end in found.iter_rows()
    ]
    return Entered(keys, places)


class Accumulator(NamedTuple):
    """``number`` stands for it in frames, ``together`` for it and those of the versions that go on with it; ``curve``
    and ``terms`` are None if ``outcome`` says why it cannot pay.
    """

    number: int
    walk: int
    together: int
    key: AccumulatorKey
    curve: int | None
    terms: Terms | None
    start: int
    outcome: str | None


PlainCurves = dict[tuple[int, int, int | None], Curve]


class Curves:
    """The curves in use, each compiled once for a rule, its case and terms.

    ``plain``: those of all runs of an engine that a quota alone changes, by rule, case and quota.
    """

    def __init__(self, rules: Sequence[Rule], exponents: Mapping[str, int], plain: PlainCurves) -> None:
        self._rules, self._exponents, self._plain = rules, exponents, plain
        self._numbers: dict[tuple[int, int, Terms], int] = {}
        self._by_quota: dict[tuple[int, int, int | None], int] = {}
        self._openings: dict[int, int] = {}
        self.compiled: list[Curve] = []

    def number(self, rule: int, terms: Terms, case: int = 0) -> int:
        """The number of the curve for the terms."""
        if terms[1:] == PLAIN_TERMS[1:]:  # hashing fractions takes longer than all the rest
            alike = (rule, case, terms.quota)
            if alike not in self._by_quota:
                if alike not in self._plain:
                    self._plain[alike] = self._compiled(rule, terms, case)
                self._by_quota[alike] = self._numbered(self._plain[alike])
            return self._by_quota[alike]
        key = (rule, case, terms)
        if key not in self._numbers:
            self._numbers[key] = self._numbered(self._compiled(rule, terms, case))
        return self._numbers[key]

    def _compiled(self, rule: int, terms: Terms, case: int) -> Curve:
        chosen = self._rules[rule]
        return compile_curve(chosen, terms, self._exponents[chosen.plan.currency], case)

    def _numbered(self, curve: Curve) -> int:
        self.compiled.append(curve)
        return len(self.compiled) - 1

    def opening(self, number: int) -> int:
        """What the curve pays at 0, in minor units."""
        if number not in self._openings:
            self._openings[number] = self.compiled[number].pay_at(0)
        return self._openings[number]

    def frame(self, numbers: pl.DataType) -> pl.DataFrame:
        """See :func:`segments_frame`."""
        return segments_frame(self.compiled, numbers)


class Accumulators:
    """All accumulators of a run."""

    def __init__(self, rules: Sequence[Rule], terms: TermsBook, curves: Curves) -> None:
        self._rules, self._terms, self.curves = rules, terms, curves
        self._groups = walk_groups(rules)
        self._opening_cases = [_opening_case(rule) for rule in rules]
        self._firsts = _firsts(rules)
        self._walks: dict[tuple[str, int, str, Period], int] = {}
        self._together: dict[AccumulatorKey, int] = {}
        self._numbers: dict[AccumulatorKey, int] = {}
        self.rows: list[Accumulator] = []

    def numbers(self, entered: Entered) -> pl.Series:
        """The number of its accumulator for each credit; all have to be open."""
        numbers = pl.Series([self._numbers[key] for key in entered.keys], dtype=pl.Int64)
        return numbers[entered.places].alias("accumulator")

    def add(self, keys: Iterable[AccumulatorKey], starts: Mapping[AccumulatorKey, int]) -> None:
        """Opens an accumulator for each key that is new; its position begins at ``starts`` (0 if not named)."""
        for key in keys:
            if key not in self._numbers:
                start = starts.get(key, 0)
                if abs(start) > MAX_MINOR:
                    component = self._rules[key.rule].component.name
                    raise PayOverflowError(key.payee_id, component, f"what is booked in {key.period.label}")
                self._open(key, start)

    def _open(self, key: AccumulatorKey, start: int) -> None:
        number = self._numbers[key] = len(self.rows)
        walk = self._walks.setdefault(
            (key.scenario, self._groups[key.rule], key.accumulates_for, key.period), len(self._walks)
        )
        terms, outcome = self._terms.of(
            self._rules[key.rule], key.scenario, key.payee_id, key.accumulates_for, key.period
        )
        case = self._opening_cases[key.rule]
        curve = None if terms is None or case is None else self.curves.number(key.rule, terms, case)
        together, first = number, self._firsts.get(key.rule)
        if first is not None:
            together = self._together.setdefault(key._replace(rule=first), number)
        self.rows.append(Accumulator(number, walk, together, key, curve, terms, start, outcome))

    def of_key(self, key: AccumulatorKey) -> Accumulator:
        """The accumulator of the key; KeyError if none is open."""
        return self.rows[self._numbers[key]]

    def of_rules(self, rules: Iterable[Rule]) -> Iterator[Accumulator]:
        """The accumulators of some rules."""
        numbers = {rule.number for rule in rules}
        return (row for row in self.rows if row.key.rule in numbers)

    def frame(self) -> pl.DataFrame:
        """A row for each accumulator, by number: walk, together, curve, start, quota_minor, pay_outcome."""
        rows = self.rows
        quotas = exact_series([row.terms.quota if row.terms else None for row in rows])
        return pl.DataFrame(
            {
                "walk": pl.Series([row.walk for row in rows], dtype=pl.Int64),
                "together": pl.Series([row.together for row in rows], dtype=pl.Int64),
                "curve": pl.Series([row.curve for row in rows], dtype=pl.Int64),
                "start": pl.Series([row.start for row in rows], dtype=pl.Int64),
                "quota_minor": quotas.cast(narrowest(magnitude(quotas))),
                "pay_outcome": pl.Series([row.outcome for row in rows], dtype=NAME),
            }
        )

    def cases(self, placed: pl.DataFrame) -> pl.DataFrame:
        """accumulator, case_no, curve: of the cases that the credits fall into."""
        pairs = placed.select("accumulator", "case_no").unique().sort("accumulator", "case_no").rows()
        rows = [
            (number, case, self.curves.number(self.rows[number].key.rule, terms, case))
            for number, case in pairs
            if (terms := self.rows[number].terms) is not None
        ]
        return pl.DataFrame(rows, schema=dict.fromkeys(("accumulator", "case_no", "curve"), pl.Int64), orient="row")


def _firsts(rules: Sequence[Rule]) -> dict[int, int]:
    """For each rule that goes on with another one, or with which one goes on, the first of them."""
    versions = versions_of(rules).values()
    return {number: each[-1] for each in versions if len(each) > 1 for number in each}


def _opening_case(rule: Rule) -> int | None:
    """On which of its curves a period opens: where pay goes by cases, with fixed pay alone. None if no line pays."""
    payout = rule.component.payout
    if not rule.component.pays_by_line:
        return None
    return FIXED_PAY if payout.cases else 0


def walk_groups(rules: Sequence[Rule]) -> dict[int, int]:
    """For each rule the number under which its positions run: its own, or one shared with other rules.

    ``accumulate_with`` joins components of a plan; ``continues`` the same component of the plan's earlier version.
    """
    groups: dict[int, int] = {}
    shared: dict[tuple[int, str], int] = {}
    for rule in sorted(rules, key=lambda rule: (rule.plan.effective.from_on, rule.number)):
        word = rule.component.accumulate_with
        earlier = _earlier(rule, rules) if rule.component.continues else None
        if earlier is not None:
            groups[rule.number] = groups[earlier.number]
        elif word is not None:
            groups[rule.number] = shared.setdefault((rule.plan_number, word), rule.number)
        else:
            groups[rule.number] = rule.number
    return groups


def versions_of(rules: Sequence[Rule]) -> dict[int, tuple[int, ...]]:
    """For each rule its own number, and those of the earlier versions that it continues."""
    versions: dict[int, tuple[int, ...]] = {}
    for rule in sorted(rules, key=lambda rule: (rule.plan.effective.from_on, rule.number)):
        earlier = _earlier(rule, rules) if rule.component.continues else None
        versions[rule.number] = (rule.number, *(versions[earlier.number] if earlier else ()))
    return versions


def _earlier(rule: Rule, rules: Sequence[Rule]) -> Rule | None:
    """The same component of the same plan in the version before."""
    versions = [
        each
        for each in rules
        if each.plan.name == rule.plan.name
        and each.component.name == rule.component.name
        and each.plan.effective.from_on < rule.plan.effective.from_on
    ]
    return max(versions, key=lambda each: each.plan.effective.from_on, default=None)
