"""Transactions become credits: who, by which term, with what share, in which period, how much."""

from collections.abc import Sequence
from decimal import Decimal

import narwhals as nw
import polars as pl

from compensation.conversion import RateTable
from compensation.dealings import MEASURES, Dealings, dated, parties
from compensation.errors import PayOverflowError
from compensation.exact import EXACT, LIMIT, MAX_MINOR, quotient
from compensation.payout import Frame
from compensation.periods import PeriodKind, period_of
from compensation.staff import Staff
from compensation.terms import FILTERED, Term, filter_keys, refusals, terms_frame

_WHOLE = 1_000_000


def credit(dealings: Dealings, terms: Sequence[Term], staff: Staff, rates: RateTable) -> pl.DataFrame:
    """The credits of the dealings, one row per transaction, party and term that credits it.

    Columns: scenario, transaction_id, deal_id, term, payee_id, role, party, via_payee_id, share_millionths,
    credited_on, dated_on, order_no, party_no, reverses_id, period_label, period_start, period_end, ``base``,
    ``position`` and ``family_base`` (exact, minor units of the plan's currency or millionths; family_base: credited
    of the same family before), ``outcome`` (null, or why it is not paid: ``no_rate``, ``no_margin``).
    """
    matched = _matched(dealings, terms, staff)
    days = matched.select("credited_on", "period_kind", "currency", "plan_currency").unique()
    matched = matched.join(_periods(days), on=["credited_on", "period_kind"], how="left")
    wanted = days.select("currency", "plan_currency", "credited_on").unique()
    matched = matched.join(
        rates.frame(wanted.iter_rows()).rename({"rated_on": "credited_on"}),
        on=["currency", "plan_currency", "credited_on"],
        how="left",
    )
    return _measured(matched, terms)


def _matched(dealings: Dealings, terms: Sequence[Term], staff: Staff) -> pl.DataFrame:
    """Every transaction with every party and term that fit by document, person, dates and filter."""
    transactions = dated(dealings.transactions)
    plans = list(dict.fromkeys(term.plan_number for term in terms))
    eligibility = staff.eligibility(
        [next(term.plan for term in terms if term.plan_number == number) for number in plans]
    )
    day = nw.col("credited_on")
    people = _lazy(parties(dealings.participants, staff.chains())).join(_lazy(eligibility), on="payee_id", how="inner")
    candidates = people.join(_lazy(terms_frame(terms)), on=["plan", "party"], how="inner").join(
        _lazy(transactions), on=["scenario", "deal_id", "event", "treatment"], how="inner"
    )
    matched = candidates.filter(
        day >= nw.col("party_from"),
        day < nw.col("party_to"),
        day >= nw.col("eligible_from"),
        day < nw.col("eligible_to"),
        day >= nw.col("valid_from"),
        day < nw.col("valid_to"),
    )
    for key in filter_keys(terms):
        column = FILTERED[key]
        refused = _lazy(refusals(terms, key, transactions[column].unique().to_list()))
        matched = matched.with_columns(nw.col(column).fill_null("").alias("value")).join(
            refused, on=["term", "value"], how="anti"
        )
    collected: pl.DataFrame = matched.collect().to_native()
    return collected


def _measured(matched: pl.DataFrame, terms: Sequence[Term]) -> pl.DataFrame:
    matched = matched.with_columns(
        *(_raw("measure", side).alias(f"base_{side}") for side in ("before", "after")),
        *(_raw("looks_at", side).alias(f"position_{side}") for side in ("before", "after")),
        *(
            pl.when(pl.col(by) == "quantity")
            .then(Decimal(1))
            .otherwise(f"rate_{part}")
            .cast(pl.Decimal(38, 0))
            .alias(f"{by}_{part}")
            for by in ("measure", "looks_at")
            for part in ("num", "den")
        ),
    ).with_columns(_outcome().alias("outcome"))
    _refuse_overflow(matched, terms)
    credited = _lazy(matched)
    for name, by in (("base", "measure"), ("position", "looks_at")):
        for side in ("before", "after"):
            credited = _credited(credited, f"{name}_{side}", by)
    credited = credited.with_columns(
        nw.col("base_before").alias("family_base"),
        (nw.col("base_after") - nw.col("base_before")).alias("base"),
        (nw.col("position_after") - nw.col("position_before")).cast(nw.Int64).alias("position"),
        (nw.col("share_to") - nw.col("share_from")).alias("share_millionths"),
    )
    measured: pl.DataFrame = credited.select(*_COLUMNS).collect().to_native()
    return measured


_COLUMNS = (
    *("scenario", "transaction_id", "deal_id", "term", "payee_id", "role", "party", "via_payee_id", "share_millionths"),
    *("credited_on", "dated_on", "order_no", "party_no", "reverses_id", "period_label", "period_start", "period_end"),
    *("base", "position", "family_base", "outcome"),
)


def _raw(by: str, side: str) -> pl.Expr:
    chosen = pl.coalesce(pl.when(pl.col(by) == name).then(f"{name}_{side}") for name in MEASURES)
    return chosen.cast(pl.Decimal(38, 0))


def _outcome() -> pl.Expr:
    no_margin = pl.col("base_after").is_null() | pl.col("position_after").is_null()
    no_rate = pl.col("measure_num").is_null() | pl.col("looks_at_num").is_null()
    return (
        pl.when(no_margin)
        .then(pl.lit("no_margin"))
        .when(no_rate)
        .then(pl.lit("no_rate"))
        .otherwise(pl.lit(None, pl.String))
    )


def _credited(frame: Frame, column: str, by: str) -> Frame:
    """Converted and rounded, the party's part of it by subtraction on the running share, the term's share of that."""
    whole = nw.lit(Decimal(_WHOLE)).cast(EXACT)
    exact = {name: nw.col(name).cast(EXACT) for name in ("share_to", "share_from", "share_num", "share_den")}
    return (
        frame.with_columns((nw.col(column) * nw.col(f"{by}_num")).alias("_scaled"))
        .with_columns(quotient(nw.col("_scaled"), nw.col(f"{by}_den")).alias("_whole"))
        .with_columns(
            (nw.col("_whole") * exact["share_to"]).alias("_upto"),
            (nw.col("_whole") * exact["share_from"]).alias("_below"),
        )
        .with_columns(
            ((quotient(nw.col("_upto"), whole) - quotient(nw.col("_below"), whole)) * exact["share_num"]).alias("_part")
        )
        .with_columns(quotient(nw.col("_part"), exact["share_den"]).alias(column))
    )


def _refuse_overflow(matched: pl.DataFrame, terms: Sequence[Term]) -> None:
    """Bounds every step in Python's integers: by the largest of each factor, and only if that fails row by row."""
    if matched.is_empty():
        return
    factors = ("base_before", "base_after", "position_before", "position_after", "measure_num", "looks_at_num")
    shares = ("share_to", "share_num")
    largest = matched.select(pl.col(*factors, *shares).abs().max()).row(0)
    if _fits(*(int(value or 0) for value in largest)):
        return
    columns = (*factors, *shares, "measure_den", "looks_at_den", "share_den")
    for payee_id, term, *values in matched.select("payee_id", "term", *columns).iter_rows():
        if not _fits(*(int(value or 0) for value in values)):
            raise PayOverflowError(payee_id, terms[term].component.name, "a credit")


def _fits(
    base_before: int,
    base_after: int,
    position_before: int,
    position_after: int,
    base_num: int,
    position_num: int,
    share_to: int,
    share_num: int,
    base_den: int = 1,
    position_den: int = 1,
    share_den: int = 1,
) -> bool:
    share = (share_to, share_num, share_den)
    return all(_step_fits(abs(raw), base_num, base_den, *share) for raw in (base_before, base_after)) and all(
        _step_fits(abs(raw), position_num, position_den, *share) for raw in (position_before, position_after)
    )


def _step_fits(raw: int, num: int, den: int, share_to: int, share_num: int, share_den: int) -> bool:
    converted = raw * num // max(den, 1) + 1
    part = converted * share_to // _WHOLE + 1
    steps = (2 * raw * num + den, 2 * converted * share_to + _WHOLE, 2 * part * share_num + share_den)
    return max(steps) <= LIMIT and 2 * part * share_num // share_den < MAX_MINOR


def _periods(days: pl.DataFrame) -> pl.DataFrame:
    pairs = days.select("credited_on", "period_kind").unique().rows()
    periods = [(*pair, *period_of(pair[0], PeriodKind(pair[1]))) for pair in pairs]
    schema = {"credited_on": pl.Date, "period_kind": pl.String, "period_label": pl.String}
    return pl.DataFrame(periods, schema={**schema, "period_start": pl.Date, "period_end": pl.Date}, orient="row")


def _lazy(frame: pl.DataFrame) -> Frame:
    return nw.from_native(frame.lazy())
