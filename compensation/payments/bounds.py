"""Which draw, guarantee, minimum and maximum hold for a payee in a period, in the payee's currency."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

from compensation.exact import rounded
from compensation.facts.assignments import Assignments
from compensation.facts.exchange_rates import ExchangeRates
from compensation.facts.frames import Facts
from compensation.payments.balances import Bounds
from compensation.payments.pay_currency import PayCurrencies
from compensation.payments.payment_periods import PaymentPeriod
from compensation.plans.parts import Span
from compensation.plans.payments import Draw, DrawKind, Guarantee
from compensation.plans.periods import PeriodKind, months_between, period_of
from compensation.plans.plan import Plan
from compensation.plans.rules import rules_of
from compensation.plans.typed_numbers import Number

_SPAN = ("plan", "payee_id", "eligible_from", "eligible_to")


class BoundsOfPlans:
    """The bounds of all payees under the plans.

    A draw or guarantee holds in the periods in which somebody has the plan, if the last day of the period lies in its
    window (or in the first months of the tenure: since hired_on, else since the first assignment).
    """

    def __init__(self, facts: Facts, plans: Sequence[Plan], currencies: PayCurrencies, as_of: date) -> None:
        self._exponents, self._currencies, self._as_of = ExchangeRates(facts), currencies, as_of
        self._hired: dict[str, list[tuple[date, date]]] = {}
        self._eligible: dict[tuple[str, str], list[tuple[date, date]]] = defaultdict(list)
        self._known: dict[tuple[str, date, str, bool, _Tenure], Bounds] = {}
        self._lifting = {plan.name for plan in plans if plan.payments.draw or plan.payments.guarantee}
        lifting = [plan for plan in plans if plan.name in self._lifting]
        if lifting:
            self._hired = _hired(facts)
            rows = Assignments(facts).positions(rules_of(lifting)).select(_SPAN).iter_rows()
            for number, payee_id, start, end in rows:
                self._eligible[lifting[number].name, payee_id].append((start, end))

    def lifted(self, plan: str) -> set[str]:
        """Everybody whose pay the plan may lift."""
        return {payee_id for name, payee_id in self._eligible if name == plan}

    def of(self, payee_id: str, each: PaymentPeriod, currency: str) -> Bounds:
        """In minor units of ``currency``; FactsError if a rate is missing on the last day known of the period."""
        is_lifted = each.plan.name in self._lifting
        has_plan = is_lifted and self._has_plan(payee_id, each)
        tenure = _Tenure.on(each.last, self._hired_on(payee_id, each.last) if is_lifted else None)
        key = (each.version, each.last, currency, has_plan, tenure)
        if key not in self._known:
            self._known[key] = self._bounds(each, currency, tenure, has_plan=has_plan)
        return self._known[key]

    def _bounds(self, each: PaymentPeriod, currency: str, tenure: "_Tenure", *, has_plan: bool) -> Bounds:
        terms = each.plan.payments
        bounds = Bounds(negative=terms.negative_balance)
        if terms.draw is not None:
            bounds = self._drawn(bounds, terms.draw, each, currency, tenure, has_plan=has_plan)
        guaranteed = _guaranteed(terms.guarantee, tenure, each.last) if has_plan and terms.guarantee else None
        if guaranteed is not None:
            bounds = bounds._replace(guarantee=self._minor(each, guaranteed, currency))
        if terms.minimum_payout is not None:
            minimum = self._minor(each, terms.minimum_payout.amount, currency)
            bounds = bounds._replace(minimum=minimum, below_minimum=terms.minimum_payout.below)
        if terms.maximum_payout is not None:
            maximum = self._minor(each, terms.maximum_payout.amount, currency)
            bounds = bounds._replace(maximum=maximum, above_maximum=terms.maximum_payout.above)
        return bounds

    def _drawn(
        self, bounds: Bounds, draw: Draw, each: PaymentPeriod, currency: str, tenure: "_Tenure", *, has_plan: bool
    ) -> Bounds:
        in_force = has_plan and _holds(draw.window, each.last) and tenure.is_within(draw.months)
        begun = draw.recovered_from is None or each.last >= draw.recovered_from
        share = draw.recovered_share.value if draw.recovered_share else Fraction(1)
        resets = draw.balance_resets
        ends = resets is not None and _ends_within(each, resets)
        return bounds._replace(
            draw=self._minor(each, draw.amount, currency) if in_force else None,
            is_recoverable=draw.kind is DrawKind.RECOVERABLE,
            is_paid_in_advance=draw.paid_in_advance,
            recovered=share if begun else Fraction(0),
            is_forgiven_after=ends or tenure.has_reached(draw.forgiven_after_months),
        )

    def _hired_on(self, payee_id: str, day: date) -> date | None:
        """The day of hiring, by what was known of it on that day."""
        known = [hired_on for start, hired_on in self._hired.get(payee_id, ()) if start <= day]
        return known[-1] if known else None

    def _has_plan(self, payee_id: str, each: PaymentPeriod) -> bool:
        spans = self._eligible.get((each.plan.name, payee_id), ())
        return any(start < each.period.end and each.period.start < end and start <= self._as_of for start, end in spans)

    def _minor(self, each: PaymentPeriod, amount: Number, currency: str) -> int:
        plan, day = each.plan, min(each.last, self._as_of)
        minor = amount.value * 10 ** self._exponents.exponent(plan.currency)
        return rounded(minor * self._currencies.ratio(plan.currency, currency, day))


class _Tenure(NamedTuple):
    """Whole months of somebody's tenure, on the last day of a period and when it is over; None if nobody knows."""

    on_last_day: int | None
    afterwards: int | None

    @classmethod
    def on(cls, last: date, hired: date | None) -> "_Tenure":
        if hired is None:
            return cls(None, None)
        return cls(months_between(hired, last), months_between(hired, last + timedelta(days=1)))

    def is_within(self, months: int | None) -> bool:
        return months is None or (self.on_last_day is not None and self.on_last_day < months)

    def has_reached(self, months: int | None) -> bool:
        return months is not None and self.afterwards is not None and self.afterwards >= months


def _guaranteed(guarantee: Guarantee, tenure: _Tenure, day: date) -> Number | None:
    """What somebody is guaranteed on the day, by tenure and window."""
    if not _holds(guarantee.window, day):
        return None
    if guarantee.amount is not None:
        return guarantee.amount if tenure.is_within(guarantee.months) else None
    return next((step.amount for step in guarantee.steps if tenure.is_within(step.through_month)), None)


def _holds(window: Span | None, day: date) -> bool:
    return window is None or window.contains(day)


def _ends_within(each: PaymentPeriod, kind: PeriodKind) -> bool:
    """Whether a period of the kind ends in the payment period, such as a month in a week; all time has no end."""
    if each.period.end == date.max:
        return False
    return period_of(each.period.start, kind, each.plan.calendar).end <= each.period.end


def _hired(facts: Facts) -> dict[str, list[tuple[date, date]]]:
    """The day of hiring from the day of each assignment on; the first assignment is one where none is named."""
    hired: dict[str, list[tuple[date, date]]] = {}
    for payee_id, start, hired_on in (
        facts.assignments.sort("from_on").select("payee_id", "from_on", "hired_on").iter_rows()
    ):
        known = hired.setdefault(payee_id, [])
        known.append((start, hired_on or (known[-1][1] if known else start)))
    return hired
