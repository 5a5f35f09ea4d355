"""Credits run along their curves, all accumulators, plans and scenarios in one pass."""

from collections.abc import Sequence

import narwhals as nw

from compensation.exact import EXACT, Frame, quotient
from compensation.plans.components import Mode


def earn(credited: Frame, accumulators: Frame, segments: Frame, modes: Sequence[Mode]) -> Frame:
    """What each credit earns: credit_id, before, after (positions) and earning (minor units), exact.

    ``credited``: credit_id (Int64), accumulator, sequence (Int64, unique in the accumulator: the order), position
    and, for modes other than ``curve``, mode, base, family_base and origin_id (the credit that this one reverses).
    ``accumulators``: accumulator, curve, start (the position before the first credit). ``segments``: curve,
    threshold, ceiling, a, b, d. Only ``modes`` are paid. Amounts have to be bounded before, see
    :mod:`compensation.earnings.overflow`.
    """
    walked = _walked(credited, accumulators)
    earned = []
    for mode in modes:
        of_mode = credited if len(modes) == 1 else credited.filter(nw.col("mode") == mode.value)
        walks = walked if len(modes) == 1 else walked.filter(nw.col("mode") == mode.value)
        located = _located(walks, segments)
        earned.append(_by_curve(located) if mode is Mode.CURVE else _by_ratio(located, of_mode, mode))
    return earned[0] if len(earned) == 1 else nw.concat(earned)


def _walked(credited: Frame, accumulators: Frame) -> Frame:
    """Each credit's position before and after it."""
    carried = [
        name for name in ("credit_id", "accumulator", "sequence", "position", "mode") if name in credited.columns
    ]
    running = nw.col("start") + nw.col("position").cum_sum().over("accumulator", order_by="sequence")
    walks = credited.select(carried).join(accumulators, on="accumulator", how="inner")
    return walks.with_columns(running.alias("after")).with_columns(
        (nw.col("after") - nw.col("position")).alias("before")
    )


def _located(walks: Frame, segments: Frame) -> Frame:
    """The slope and the numerator of P where each walk ends (b, n, d) and where it begins (b_from, n_from, d_from)."""
    began = segments.rename({name: f"{name}_from" for name in ("threshold", "ceiling", "a", "b", "d")})
    return (
        walks.select("credit_id", "curve", "before", "after")
        .join(segments, on="curve", how="inner")
        .filter(nw.col("threshold") <= nw.col("after"), nw.col("after") < nw.col("ceiling"))
        .with_columns((nw.col("a") + nw.col("b") * nw.col("after").cast(EXACT)).alias("n"))
        .select("credit_id", "curve", "before", "after", "b", "n", "d")
        .join(began, on="curve", how="inner")
        .filter(nw.col("threshold_from") <= nw.col("before"), nw.col("before") < nw.col("ceiling_from"))
        .with_columns((nw.col("a_from") + nw.col("b_from") * nw.col("before").cast(EXACT)).alias("n_from"))
    )


def _by_curve(located: Frame) -> Frame:
    earning = quotient(nw.col("n"), nw.col("d")) - quotient(nw.col("n_from"), nw.col("d_from"))
    return located.with_columns(earning.alias("earning")).select(*_EARNED)


def _by_ratio(located: Frame, credited: Frame, mode: Mode) -> Frame:
    """Base * num / den, rounded per line; a return takes the ratio of what it reverses, so that all of it goes back."""
    rated = _RATED[mode](located).select("credit_id", "before", "after", "num", "den")
    origins = rated.select(
        nw.col("credit_id").alias("origin_id"), nw.col("num").alias("own"), nw.col("den").alias("own_den")
    )
    is_untied = nw.col("own_den").is_null()
    tied = (
        credited.select("credit_id", "origin_id", "base", "family_base")
        .join(rated, on="credit_id", how="inner")
        .join(origins, on="origin_id", how="left")
        .with_columns(
            nw.when(is_untied).then(nw.col("num")).otherwise(nw.col("own")).alias("num"),
            nw.when(is_untied).then(nw.col("den")).otherwise(nw.col("own_den")).alias("den"),
        )
        .with_columns(
            ((nw.col("family_base") + nw.col("base")) * nw.col("num")).alias("upto"),
            (nw.col("family_base") * nw.col("num")).alias("below"),
        )
    )
    earning = quotient(nw.col("upto"), nw.col("den")) - quotient(nw.col("below"), nw.col("den"))
    return tied.with_columns(earning.alias("earning")).select(*_EARNED)


def _sliced(located: Frame) -> Frame:
    """(P(after) - P(before)) / position; a credit without position has the rate that it stands at."""
    moved, gained = nw.col("after") - nw.col("before"), nw.col("n") - nw.col("n_from")
    return located.with_columns(
        nw.when(moved == 0).then(nw.col("b_from")).when(moved < 0).then(0 - gained).otherwise(gained).alias("num"),
        nw.when(moved == 0).then(nw.col("d")).otherwise(nw.col("d") * moved.abs().cast(EXACT)).alias("den"),
    )


def _at_rate_before(located: Frame) -> Frame:
    return located.with_columns(nw.col("b_from").alias("num"), nw.col("d_from").alias("den"))


def _at_rate_after(located: Frame) -> Frame:
    return located.with_columns(nw.col("b").alias("num"), nw.col("d").alias("den"))


_EARNED = ("credit_id", "before", "after", "earning")
_RATED = {Mode.SLICED: _sliced, Mode.RATE_BEFORE: _at_rate_before, Mode.RATE_AFTER: _at_rate_after}
