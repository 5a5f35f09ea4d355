"""Credits run along their curves, all accumulators, plans and scenarios in one pass."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from compensation.columns import collected
from compensation.exact_columns import as_exact, divided, exact
from compensation.packing import first_occurrences
from compensation.plans.components import Component, Mode


class Method(NamedTuple):
    """How a rule's credits find their pay. ``by_case``: each credit has a curve of its case."""

    mode: Mode
    by_case: bool
    increment: int
    rounding: str
    each_line: bool

    @classmethod
    def of(cls, component: Component, minor: int) -> "Method":
        """``minor``: minor units in a unit of the plan's currency."""
        rounding, payout = component.rounding, component.payout
        by_case = bool(payout.cases or payout.matrix)
        return cls(component.mode, by_case, rounding.increment(minor), rounding.mode.value, rounding.each_line)

    @property
    def is_by_line(self) -> bool:
        """Whether the pay of a credit depends on where it begins and ends alone, and not on other credits as well."""
        return self.mode is Mode.CURVE and not self.by_case


_AT_ONCE = 500_000
"""Bounds the room that credits need whose pay depends on no others."""


def earn(credited: pl.DataFrame, segments: pl.DataFrame, methods: Sequence[Method]) -> pl.DataFrame:
    """What each credit earns: credit_id, before, after (positions) and earning (minor units, of the segments' type).

    ``credited``: credit_id (Int64), accumulator, walk (whose positions run together), start (the position before its
    first credit), sequence (Int64, unique in the walk: the order), position, curve, and, for methods other than
    the plain one, method (its number), base, family_base, origin_id (the credit that this one reverses) and together
    (whose base runs together: the accumulator, and those of versions that go on with it).
    ``segments``: curve, threshold, a, b, d, as :func:`~compensation.curves.curve.segments_frame` makes them; Int64 for
    a, b, d serves ``Mode.CURVE`` alone.
    Amounts have to be bounded before, see :mod:`compensation.earnings.overflow`.
    """
    walked = _walked(credited.lazy())
    if credited.height <= _AT_ONCE or not all(method.is_by_line for method in methods):
        return _earned(walked, credited.lazy(), segments, methods)
    known = walked.collect()
    parts = (known.slice(start, _AT_ONCE).lazy() for start in range(0, known.height, _AT_ONCE))
    return pl.concat(_earned(part, part, segments, methods) for part in parts)


def _earned(
    walked: pl.LazyFrame, credited: pl.LazyFrame, segments: pl.DataFrame, methods: Sequence[Method]
) -> pl.DataFrame:
    located = _located(walked, segments)
    earned = []
    for number, method in enumerate(methods):
        own = located if len(methods) == 1 else located.filter(pl.col("method") == number)
        earned.append(_by_method(own, credited, method))
    return collected(earned[0] if len(earned) == 1 else pl.concat(earned))


def _walked(credited: pl.LazyFrame) -> pl.LazyFrame:
    """Each credit's position before and after it."""
    running = pl.col("start") + pl.col("position").cum_sum().over("walk", order_by="sequence")
    walked = credited.drop("base", "family_base", "origin_id", strict=False).with_columns(running.alias("after"))
    return walked.with_columns((pl.col("after") - pl.col("position")).alias("before"))


def _located(walked: pl.LazyFrame, segments: pl.DataFrame) -> pl.LazyFrame:
    """The slope and the numerator of P where each walk ends (b, n, d) and where it begins (b_from, n_from, d_from)."""
    terms = []
    for end, position in _ENDS.items():
        a, b, d = (pl.lit(segments[name]).gather(f"_segment{end}") for name in ("a", "b", "d"))
        numerator = a + b * pl.col(position).cast(segments["a"].dtype)
        terms += [b.alias(f"b{end}"), d.alias(f"d{end}"), numerator.alias(f"n{end}")]
    return _at_segments(walked, segments).with_columns(terms)


_ENDS = {"": "after", "_from": "before"}
"""The position where a walk ends, and where it begins."""


def _at_segments(walked: pl.LazyFrame, segments: pl.DataFrame) -> pl.LazyFrame:
    """With ``_segment`` and ``_segment_from``: the last row of the curve whose threshold is not above the position, by
    halves.
    """
    thresholds, firsts = pl.lit(segments["threshold"]), first_occurrences(segments, ["curve"])[0].cast(pl.Int64)
    ends = firsts[1:].extend(pl.Series([segments.height]))
    first = pl.lit(firsts).gather("curve")
    walked = walked.with_columns(
        *(first.alias(f"_segment{end}") for end in _ENDS), pl.lit(ends).gather("curve").alias("_end")
    )
    for halving in reversed(range((int(str((ends - firsts).max() or 1)) - 1).bit_length())):
        further = []
        for end, position in _ENDS.items():
            own, following = pl.col(f"_segment{end}"), pl.col(f"_segment{end}") + (1 << halving)
            is_reached = thresholds.gather(following, null_on_oob=True) <= pl.col(position)
            is_own = following < pl.col("_end")
            further.append(pl.when(is_own & is_reached).then(following).otherwise(own).alias(f"_segment{end}"))
        walked = walked.with_columns(further)
    return walked


def _by_method(located: pl.LazyFrame, credited: pl.LazyFrame, method: Method) -> pl.LazyFrame:
    match method.mode:
        case Mode.CURVE:
            earned = _by_curve(located, method)
        case Mode.RATE_REACHED:
            earned = _by_rate_reached(located, credited, method)
        case _:
            earned = _by_ratio(_RATED[method.mode](located), credited, method)
    return earned.select(_EARNED)


def _rounded(method: Method, numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    return divided(numerator, denominator, method.increment, method.rounding)


def _by_curve(located: pl.LazyFrame, method: Method) -> pl.LazyFrame:
    """Rounded cumulative pay after, less that before; by line, or case by case, the rounded gain."""
    n, d, n_from, d_from = (pl.col(name) for name in ("n", "d", "n_from", "d_from"))
    if method.each_line:
        return located.with_columns(_rounded(method, n - n_from, d).alias("earning"))
    if not method.by_case:
        earning = _rounded(method, n, d) - _rounded(method, n_from, d_from)
        return located.with_columns(earning.alias("earning"))
    gained = (n - n_from).cum_sum().over("accumulator", "curve", order_by="sequence")
    return located.with_columns(gained.alias("gained")).with_columns(
        (_rounded(method, pl.col("gained"), d) - _rounded(method, pl.col("gained") - (n - n_from), d)).alias("earning")
    )


def _by_rate_reached(located: pl.LazyFrame, credited: pl.LazyFrame, method: Method) -> pl.LazyFrame:
    """All of the base so far at the rate reached, less what it was at the rate before."""
    upto = as_exact("base").cum_sum().over("together", order_by="sequence").alias("upto")
    based = located.join(credited.select("credit_id", "base", upto), on="credit_id", how="inner")
    below = pl.col("upto") - as_exact("base")
    earning = _rounded(method, pl.col("upto") * pl.col("b"), pl.col("d")) - _rounded(
        method, below * pl.col("b_from"), pl.col("d_from")
    )
    return based.with_columns(earning.alias("earning"))


def _by_ratio(rated: pl.LazyFrame, credited: pl.LazyFrame, method: Method) -> pl.LazyFrame:
    """Base * num / den, rounded per line; a return takes the ratio of what it reverses, so that all of it goes back."""
    rated = rated.select("credit_id", "before", "after", "num", "den")
    origins = rated.select(
        pl.col("credit_id").alias("origin_id"), pl.col("num").alias("own"), pl.col("den").alias("own_den")
    )
    tied = (
        credited.select("credit_id", "origin_id", "base", "family_base")
        .join(rated, on="credit_id", how="inner")
        .join(origins, on="origin_id", how="left")
        .with_columns(pl.coalesce("own", "num").alias("num"), pl.coalesce("own_den", "den").alias("den"))
        .with_columns(
            ((pl.col("family_base") + pl.col("base")) * pl.col("num")).alias("upto"),
            (pl.col("family_base") * pl.col("num")).alias("below"),
        )
    )
    earning = _rounded(method, pl.col("upto"), pl.col("den")) - _rounded(method, pl.col("below"), pl.col("den"))
    return tied.with_columns(earning.alias("earning"))


def _sliced(located: pl.LazyFrame) -> pl.LazyFrame:
    """(P(after) - P(before)) / position; a credit without position has the rate that it stands at."""
    moved, gained = pl.col("after") - pl.col("before"), pl.col("n") - pl.col("n_from")
    return located.with_columns(
        pl.when(moved == 0)
        .then(pl.col("b_from"))
        .when(moved < 0)
        .then(exact(0) - gained)
        .otherwise(gained)
        .alias("num"),
        pl.when(moved == 0).then(pl.col("d")).otherwise(pl.col("d") * moved.abs().cast(pl.Decimal(38, 0))).alias("den"),
    )


def _at_rate_before(located: pl.LazyFrame) -> pl.LazyFrame:
    return located.with_columns(pl.col("b_from").alias("num"), pl.col("d_from").alias("den"))


def _at_rate_after(located: pl.LazyFrame) -> pl.LazyFrame:
    return located.with_columns(pl.col("b").alias("num"), pl.col("d").alias("den"))


_EARNED = ("credit_id", "before", "after", "earning")
_RATED = {Mode.SLICED: _sliced, Mode.RATE_BEFORE: _at_rate_before, Mode.RATE_AFTER: _at_rate_after}
