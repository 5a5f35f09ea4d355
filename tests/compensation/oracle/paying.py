"""Paying: what of a period's releases and adjustments is paid, owed and carried, between the bounds of the plan."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from compensation.plans.payments import Draw, DrawKind, Guarantee, NegativeBalance, NotPaidOut
from compensation.plans.periods import Period, months_between, period_of
from compensation.plans.plan import Plan
from compensation.plans.typed_numbers import Amount
from tests.compensation.oracle.company import Company, days_of
from tests.compensation.oracle.numbers import half_away
from tests.compensation.oracle.pay_currency import PayCurrency

Came = tuple[str, int]
"""A currency and an amount in its minor units."""


@dataclass(frozen=True)
class PayPeriod:
    """A period in which a plan pays, and the version by which it does."""

    period: Period
    plan: Plan

    @property
    def last(self) -> date:
        return self.period.end - timedelta(days=1)


@dataclass
class Payment:
    """What a payee is paid in a period, in minor units of ``currency``, and what stands afterwards."""

    payee: str
    plan: Plan
    period: Period
    currency: str
    released: int = 0
    adjusted: int = 0
    carried_in: int = 0
    draw: int = 0
    recovered: int = 0
    guarantee: int = 0
    carried_out: int = 0
    lapsed: int = 0
    owed: int = 0
    paid: int = 0

    @property
    def amounts(self) -> tuple[int, ...]:
        """In the order of the chain: what comes in, what is done to it, what goes out."""
        came = (self.released, self.adjusted, self.carried_in, self.draw, self.recovered, self.guarantee)
        return (*came, self.carried_out, self.lapsed, self.owed, self.paid)


def pay_periods(versions: Sequence[Plan], through: date) -> list[PayPeriod]:
    """One after another from the first day of the plan on; the version of the first day says how long each is."""
    ordered = sorted(versions, key=lambda plan: plan.effective.from_on)
    periods: list[PayPeriod] = []
    day = ordered[0].effective.from_on
    while day <= through:
        plan = [ordered[0], *(each for each in ordered if each.effective.from_on <= day)][-1]
        period = period_of(day, plan.payments.period, plan.calendar)
        if periods:
            period = period._replace(start=max(period.start, periods[-1].period.end))
        periods.append(PayPeriod(period, plan))
        day = periods[-1].period.end
    return periods


class Payer:
    """Pays the people of one plan."""

    def __init__(self, company: Company, versions: Sequence[Plan], currency: PayCurrency) -> None:
        self._company, self._versions, self._currency = company, versions, currency

    def pay(
        self,
        payee: str,
        place: PayPeriod,
        before: Payment | None,
        came: list[Came],
        adjusted: list[Came],
    ) -> Payment:
        """``came`` and ``adjusted``: what is released and adjusted in the period, by currency."""
        day = min(place.last, self._company.as_of)
        currency = self._currency.on(payee, day, place.plan.currency)
        paid = Payment(payee, place.plan, place.period, currency)
        paid.released = self._sum(currency, came, day)
        paid.adjusted = self._sum(currency, adjusted, day)
        owed = 0
        if before is not None:
            owed = self._in(currency, before.currency, before.owed, place.period.start)
            paid.carried_in = self._in(currency, before.currency, before.carried_out, place.period.start)
        self._lift(paid, place, owed)
        return paid

    def _sum(self, currency: str, amounts: Iterable[Came], day: date) -> int:
        """What there is in each currency is added up before it is converted."""
        sums: dict[str, int] = defaultdict(int)
        for origin, minor in amounts:
            sums[origin] += minor
        return sum(self._in(currency, origin, minor, day) for origin, minor in sums.items())

    def _in(self, currency: str, origin: str, minor: int, day: date) -> int:
        if not minor:
            return 0
        return half_away(self._currency.exact(minor, origin, currency, day))

    def _lift(self, paid: Payment, place: PayPeriod, owed: int) -> None:
        """Draw, then guarantee; what was paid in advance is deducted of what they leave."""
        draw, guarantee = place.plan.payments.draw, place.plan.payments.guarantee
        gross = paid.released + paid.adjusted + paid.carried_in
        is_drawn = draw is not None and self._draws(paid.payee, place, draw)
        level = self._amount(draw.amount, paid, place) if draw is not None and is_drawn else 0
        added = max(0, level - gross) if is_drawn else 0
        paid.recovered = min(owed, self._recoverable(max(0, gross - level), place))
        lifted = gross + added - paid.recovered
        floor = None if guarantee is None else self._guaranteed(paid.payee, place, guarantee)
        if floor is not None:
            paid.guarantee = max(0, self._amount(floor, paid, place) - lifted)
        in_advance = level if draw is not None and draw.paid_in_advance else 0
        paid.draw = added - in_advance
        is_lent = draw is not None and draw.kind is DrawKind.RECOVERABLE
        paid.owed = 0 if self._is_reset(paid.payee, place) else owed - paid.recovered + (added if is_lent else 0)
        self._pay_out(paid, place, lifted + paid.guarantee - in_advance)

    def _recoverable(self, exceeding: int, place: PayPeriod) -> int:
        """The part of what exceeds the draw that repays debts: all of it where no draw says otherwise."""
        draw = place.plan.payments.draw
        if draw is None:
            return exceeding
        if draw.recovered_from is not None and place.last < draw.recovered_from:
            return 0
        return half_away(exceeding * (draw.recovered_share.value if draw.recovered_share else Fraction(1)))

    def _pay_out(self, paid: Payment, place: PayPeriod, due: int) -> None:
        terms = place.plan.payments
        least, most = terms.minimum_payout, terms.maximum_payout
        if most is not None and due > (highest := self._amount(most.amount, paid, place)):
            column = "lapsed" if most.above is NotPaidOut.FORFEITED else "carried_out"
            setattr(paid, column, due - highest)
            paid.paid = highest
            return
        if due < 0:
            column = {
                NegativeBalance.CARRIED_FORWARD: "carried_out",
                NegativeBalance.FORGIVEN: "lapsed",
                NegativeBalance.PAID_BACK: "paid",
            }[terms.negative_balance]
        elif least is not None and due < self._amount(least.amount, paid, place):
            column = "lapsed" if least.below is NotPaidOut.FORFEITED else "carried_out"
        else:
            column = "paid"
        setattr(paid, column, due)

    def _amount(self, amount: Amount, paid: Payment, place: PayPeriod) -> int:
        """An amount of the plan in the payee's currency of the last day known."""
        minor = amount.value * self._company.minor(place.plan.currency)
        day = min(place.last, self._company.as_of)
        return half_away(self._currency.exact(minor, place.plan.currency, paid.currency, day))

    # what is in force

    def lifts(self, payee: str, place: PayPeriod) -> bool:
        """Whether a draw or guarantee holds, so that there is a payment even if nothing is released."""
        terms = place.plan.payments
        return (terms.draw is not None and self._draws(payee, place, terms.draw)) or (
            terms.guarantee is not None and self._guaranteed(payee, place, terms.guarantee) is not None
        )

    def _draws(self, payee: str, place: PayPeriod, draw: Draw) -> bool:
        is_open = draw.window is None or draw.window.contains(place.last)
        return is_open and self._has_plan(payee, place) and self._is_new(payee, place, draw.months)

    def _guaranteed(self, payee: str, place: PayPeriod, guarantee: Guarantee) -> Amount | None:
        is_open = guarantee.window is None or guarantee.window.contains(place.last)
        if not is_open or not self._has_plan(payee, place):
            return None
        levels = [(step.through_month, step.amount) for step in guarantee.steps]
        if guarantee.amount is not None:
            return guarantee.amount if self._is_new(payee, place, guarantee.months) else None
        return next((amount for months, amount in levels if self._is_new(payee, place, months)), None)

    def _has_plan(self, payee: str, place: PayPeriod) -> bool:
        last = min(place.last, self._company.as_of)
        days = list(days_of(max(place.period.start, self._versions[0].effective.from_on), last + timedelta(days=1)))
        return any(self._company.has_plan(plan, payee, day) for plan in self._versions for day in days)

    def _is_new(self, payee: str, place: PayPeriod, months: int | None) -> bool:
        since = self._company.hired(payee, place.last)
        return months is None or (since is not None and months_between(since, place.last) < months)

    def _is_reset(self, payee: str, place: PayPeriod) -> bool:
        """Whether a period at whose end debts are forgiven ends in this one, or the tenure has grown enough."""
        draw = place.plan.payments.draw
        if draw is None:
            return False
        since = self._company.hired(payee, place.last)
        forgiven = draw.forgiven_after_months
        if forgiven and since and months_between(since, place.last + timedelta(days=1)) >= forgiven:
            return True
        if draw.balance_resets is None or place.period.end == date.max:
            return False
        ending = period_of(place.period.start, draw.balance_resets, place.plan.calendar).end
        return ending <= place.period.end
