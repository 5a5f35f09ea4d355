"""Generated terms of what happens after an earning: releases, clawbacks of unpaid invoices, payments."""

from random import Random

from tests.compensation.worlds.dice import Written

_MOMENTS = ("credited", "ordered", "invoiced", "received", "received_in_full", "renewed")
_ENDS = ("month_end", "quarter_end", "half_year_end", "year_end")
_PERIODS = (*("month",) * 4, *("quarter",) * 2, "week", "two-weeks", "half-month", "half-year", "year", "ever")


def hold_back(random: Random, written: Written) -> None:
    """Makes most components of a plan wait for something."""
    for each in written["components"]:
        if random.random() < 0.75:
            each["release"] = _release(random)
        if random.random() < 0.12:
            unpaid = {"unpaid_after_days": str(random.choice((15, 45, 90)))}
            aged = {"by_age": [{"within_months": "3", "share": "100%"}, {"within_months": "9", "share": "12.5%"}]}
            each["clawback"] = {"before_minimum": "no", **each.get("clawback", aged), **unpaid}


def _release(random: Random) -> list[Written]:
    """Parts that make a whole; one may take what the others leave."""
    shares = random.choice((["100%"], ["100%"], ["40%", "60%"], ["33.3%", "66.7%"], ["20%", "12.5%", "67.5%"]))
    parts = [{"share": share, **_part(random)} for share in shares]
    if random.random() < 0.5:
        del parts[random.randrange(len(parts))]["share"]
    return parts


def _part(random: Random) -> Written:
    part: Written = {}
    if random.random() < 0.1:
        part["on"] = random.choice(("2025-12-31", "2026-06-30", "2027-03-31"))
    else:
        part["when"] = random.choice((*_MOMENTS, "received", *_ENDS))
        if random.random() < 0.3:
            part["after_days"] = str(random.choice((1, 10, 45)))
        if random.random() < 0.2:
            part["after_months"] = str(random.choice((1, 3)))
    if random.random() < 0.25:
        part["instalments"] = str(random.choice((2, 3, 7)))
    return part


def payments_of(random: Random, *, is_rebate: bool) -> Written:
    """Terms of payment; each of them is left out at times. Rebates are not lifted."""
    terms: Written = {"period": random.choice(_PERIODS)}
    if random.random() < 0.15:
        del terms["period"]
    lifts = random.random() + is_rebate
    if lifts < 0.5:
        terms["draw"] = _draw(random)
    elif lifts < 0.7:
        terms["guarantee"] = _guarantee(random)
    if random.random() < 0.4:
        terms["minimum_payout"] = {"amount": str(random.choice((20, 400, 3000)))}
        if random.random() < 0.7:
            terms["minimum_payout"]["below"] = random.choice(("carried_forward", "forfeited"))
    if random.random() < 0.3:
        terms["maximum_payout"] = {"amount": str(random.choice((4000, 9000)))}
        if random.random() < 0.7:
            terms["maximum_payout"]["above"] = random.choice(("carried_forward", "forfeited"))
    if random.random() < 0.7:
        terms["negative_balance"] = random.choice(("carried_forward", "forgiven", "paid_back"))
    return terms


def _draw(random: Random) -> Written:
    draw: Written = {"amount": random.choice(("200", "1500.55", "6000"))}
    if random.random() < 0.7:
        draw["kind"] = random.choice(("recoverable", "recoverable", "non_recoverable"))
    if random.random() < 0.3:
        draw["window"] = _window(random)
    if random.random() < 0.3:
        draw["recovered_from"] = random.choice(("2026-04-01", "2026-07-15"))
    if random.random() < 0.35:
        draw["recovered_share"] = random.choice(("50%", "33.3%", "0%"))
    if random.random() < 0.85:
        draw["balance_resets"] = random.choice(tuple(dict.fromkeys(_PERIODS)))
    if random.random() < 0.4:
        draw["paid_in_advance"] = random.choice(("yes", "no"))
    if random.random() < 0.3:
        draw["months"] = str(random.choice((6, 20)))
    if random.random() < 0.3:
        draw["forgiven_after_months"] = str(random.choice((9, 24)))
    return draw


def _guarantee(random: Random) -> Written:
    guarantee: Written = {"amount": random.choice(("300", "2500.25"))}
    if random.random() < 0.35:
        steps = [{"through_month": "6", "amount": "2500"}, {"through_month": "18", "amount": "800.40"}]
        guarantee = {"steps": steps[random.randrange(2) :]}
    elif random.random() < 0.6:
        guarantee["months"] = str(random.choice((3, 14, 30)))
    if random.random() < 0.4:
        guarantee["window"] = _window(random)
    return guarantee


def _window(random: Random) -> Written:
    return random.choice(
        (
            {"from": "2026-01-01", "through": "2026-06-30"},
            {"from": "2026-03-10"},
            {"from": "2026-02-01", "through": "2026-10-15"},
        )
    )
