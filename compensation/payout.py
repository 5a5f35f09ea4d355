"""The engine: credits run along their curves, all accumulators, plans and scenarios in one pass."""

from collections.abc import Sequence

import narwhals as nw

from compensation.exact import quotient
from compensation.plan import Mode


def pay(
    credits: nw.LazyFrame, accumulators: nw.LazyFrame, segments: nw.LazyFrame, modes: Sequence[Mode]
) -> nw.LazyFrame:
    """What each credit earns.

    ``credits``: accumulator, sequence (Int64, unique within the accumulator: their order), mode, base, position, family_base
    (exact), credit_id and origin_id. ``accumulators``: accumulator, curve, start (exact: the position before the first
    credit). ``segments``: curve, threshold, ceiling, a, b, d (exact). Adds ``before``, ``after`` (positions) and ``earning``
    (minor units, exact). Only ``modes`` are looked at. Amounts have to be bounded before, see ``bounds``.
    """
    located = _located(credits, accumulators, segments)
    paid = [_PAID[mode](located if len(modes) == 1 else located.filter(nw.col("mode") == mode.value)) for mode in modes]
    return paid[0] if len(paid) == 1 else nw.concat(paid)


def _located(credits: nw.LazyFrame, accumulators: nw.LazyFrame, segments: nw.LazyFrame) -> nw.LazyFrame:
    """Credits with the segment that each walk begins on (``_from``) and ends on."""
    running = nw.col("start") + nw.col("position").cum_sum().over("accumulator", order_by="sequence")
    walked = credits.join(accumulators, on="accumulator", how="inner").with_columns(running.alias("after"))
    walked = walked.with_columns((nw.col("after") - nw.col("position")).alias("before"))
    began = segments.rename({name: f"{name}_from" for name in ("threshold", "ceiling", "a", "b", "d")})
    return (
        walked.join(segments, on="curve", how="inner")
        .filter(nw.col("threshold") <= nw.col("after"), nw.col("after") < nw.col("ceiling"))
        .join(began, on="curve", how="inner")
        .filter(nw.col("threshold_from") <= nw.col("before"), nw.col("before") < nw.col("ceiling_from"))
    )


def _by_curve(located: nw.LazyFrame) -> nw.LazyFrame:
    reached = quotient(nw.col("a") + nw.col("b") * nw.col("after"), nw.col("d"))
    left = quotient(nw.col("a_from") + nw.col("b_from") * nw.col("before"), nw.col("d_from"))
    return located.with_columns((reached - left).alias("earning")).select(*_COLUMNS)


def _sliced(located: nw.LazyFrame) -> nw.LazyFrame:
    """Base × (P(after) - P(before)) ÷ position; a credit without position earns the rate that it stands at."""
    gained = nw.col("a") + nw.col("b") * nw.col("after") - nw.col("a_from") - nw.col("b_from") * nw.col("before")
    moved = nw.col("position")
    sign = nw.when(moved < 0).then(0 - gained).otherwise(gained)
    return _at_ratio(
        located.with_columns(
            nw.when(moved == 0).then(nw.col("b_from")).otherwise(sign).alias("num"),
            nw.when(moved == 0).then(nw.col("d")).otherwise(nw.col("d") * moved.abs()).alias("den"),
        )
    )


def _at_rate_before(located: nw.LazyFrame) -> nw.LazyFrame:
    return _at_ratio(located.with_columns(nw.col("b_from").alias("num"), nw.col("d_from").alias("den")))


def _at_rate_after(located: nw.LazyFrame) -> nw.LazyFrame:
    return _at_ratio(located.with_columns(nw.col("b").alias("num"), nw.col("d").alias("den")))


def _at_ratio(rated: nw.LazyFrame) -> nw.LazyFrame:
    """Base × num ÷ den, rounded per line; a return takes the ratio of what it reverses, so that all of it goes back."""
    origins = rated.select(
        nw.col("credit_id").alias("origin_id"), nw.col("num").alias("own"), nw.col("den").alias("own_den")
    )
    tied = rated.join(origins, on="origin_id", how="left").with_columns(
        nw.when(nw.col("own_den").is_null()).then(nw.col("num")).otherwise(nw.col("own")).alias("num"),
        nw.when(nw.col("own_den").is_null()).then(nw.col("den")).otherwise(nw.col("own_den")).alias("den"),
    )
    upto = quotient((nw.col("family_base") + nw.col("base")) * nw.col("num"), nw.col("den"))
    below = quotient(nw.col("family_base") * nw.col("num"), nw.col("den"))
    return tied.with_columns((upto - below).alias("earning")).select(*_COLUMNS)


_COLUMNS = ("credit_id", "accumulator", "before", "after", "earning")
_PAID = {
    Mode.CURVE: _by_curve,
    Mode.SLICED: _sliced,
    Mode.RATE_BEFORE: _at_rate_before,
    Mode.RATE_AFTER: _at_rate_after,
}
