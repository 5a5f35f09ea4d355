"""Transactions made ready for crediting: ordered, and returns tied to what they reverse.

A *family* is a transaction with the returns that reverse it. Each row knows the family's measures before and after it,
so that whatever is converted or divided is the difference of two cumulative figures, and a full return leaves
exactly zero.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from compensation.columns import collected, with_same
from compensation.crediting.measuring import BASES, COUNTED, FIELD
from compensation.exact import MILLIONTHS
from compensation.exact_columns import EXACT_TYPE, as_exact, exact
from compensation.facts.schemas import SCHEMAS
from compensation.plans.components import Event

ATTRIBUTE = "attribute:"
"""Begins the name of a column with an attribute that the attributes frame tells of transactions."""
EVENTS = tuple(event.value for event in Event)
"""What may be credited on."""
_OWN_ATTRIBUTES = ("product", "product_family", "customer", "region", "channel", "document_type")


BEGUN = ("deal_id", "kind")


NOT_BEGUN = pl.DataFrame(schema={column: SCHEMAS["transactions"][column] for column in BEGUN})


@dataclass(frozen=True)
class Scenarios:
    """What is credited: transactions and participants, each with a ``scenario`` (empty: what really happened).

    ``measures``, ``attributes`` and ``coverage`` as the facts have them, for all scenarios. Transactions may bring
    attributes as columns ``attribute:<name>`` instead. Instalments are credited up to ``as_of``; all of them if None.
    ``begun``: deal_id and kind of the documents that deals have had before, in all scenarios.
    """

    transactions: pl.DataFrame
    participants: pl.DataFrame
    measures: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SCHEMAS["measures"]))
    attributes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SCHEMAS["attributes"]))
    coverage: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SCHEMAS["coverage"]))
    as_of: date | None = None
    begun: pl.DataFrame = field(default_factory=lambda: NOT_BEGUN)


def creditable(
    transactions: pl.DataFrame,
    bases: Sequence[str],
    events: Collection[str] = EVENTS,
    begun: pl.DataFrame = NOT_BEGUN,
) -> pl.DataFrame:
    """Transactions in their order, with ``event``, ``treatment``, ``credited_on``, ``reverses_id`` (of returns by
    origin) and family measures: ``<base>_before``, ``<base>_after`` of each base.

    ``order_no`` follows posting sequence, date, source, source ref and transaction id. A return appears once for each
    treatment: under ``origin`` it has the date and the attributes of what it reverses, under ``current`` its own. Where
    nothing is returned, only those transactions are there that any of the ``events`` credits. ``begun``: see
    :class:`Scenarios`.
    """
    has_returns = bool((transactions["kind"] == "return").any())
    kinds = (*EVENTS, "return") if has_returns else list(events)
    ordered = (
        transactions.lazy()
        .filter(pl.col("kind").is_in(kinds))
        .sort("posting_sequence", "dated_on", "source", "source_ref", "transaction_id")
        .with_columns(pl.int_range(pl.len()).alias("order_no"))
    )
    if has_returns:
        ordered = collected(ordered).lazy()
    originals = ordered.filter(pl.col("kind") != "return") if has_returns else ordered
    if "deals" in bases:
        first = pl.col("order_no") == pl.col("order_no").min().over("scenario", *BEGUN)
        known = begun.lazy().select(BEGUN).unique().with_columns(is_new=False)
        originals = originals.join(known, on=BEGUN, how="left", maintain_order="left")
        originals = originals.with_columns(is_first=first & pl.col("is_new").fill_null(value=True)).drop("is_new")
    originals = originals.with_columns_seq(
        pl.col("kind").alias("event"),
        pl.lit("none").alias("treatment"),
        pl.col("dated_on").alias("credited_on"),
        pl.lit(None, pl.String).alias("reverses_id"),
        *(exact(0).alias(f"{base}_before") for base in bases),
        *(_counted(base).alias(f"{base}_after") for base in bases),
    )
    placed = collected(originals)
    if not has_returns:
        return placed
    returns = collected(ordered.filter(pl.col("kind") == "return"))
    columns = [column for column in placed.columns if column != "is_first"]
    tied = _tied(returns, placed, bases)
    parts = [placed, *_at_origin(tied, returns, placed, bases), _at_present(returns, tied, placed, bases)]
    return pl.concat([part.select(columns) for part in parts])


def _counted(base: str) -> pl.Expr:
    """What an original counts."""
    match base:
        case "count":
            return exact(MILLIONTHS)
        case "deals":
            return pl.when("is_first").then(exact(MILLIONTHS)).otherwise(exact(0))
        case _:
            return as_exact(_column(base))


def _column(base: str) -> str:
    return base if base.startswith(FIELD) else BASES[base]


def _tied(returns: pl.DataFrame, originals: pl.DataFrame, bases: Sequence[str]) -> pl.DataFrame:
    """Returns in the place of what they reverse, for those that reverse something known."""
    attributes = [*_OWN_ATTRIBUTES, *(column for column in returns.columns if column.startswith(ATTRIBUTE))]
    taken = ("event", "credited_on", "deal_id", "currency", *attributes, *(f"{base}_after" for base in bases))
    origins = originals.select(
        "scenario", pl.col("transaction_id").alias("reverses_id"), as_exact("revenue_minor").alias("_revenue"), *taken
    )
    own = returns.drop("deal_id", *attributes)
    joined = own.join(origins, on=["scenario", "reverses_id", "currency"], how="inner", maintain_order="left")
    return joined.with_columns(
        *_gone(bases), *(returned for base in bases if base not in COUNTED for returned in _returned(base))
    ).with_columns(*_counts(bases), pl.lit("origin").alias("treatment"))


_FAMILY = ["scenario", "reverses_id"]


def _returned(base: str) -> Iterator[pl.Expr]:
    own = as_exact(_column(base))
    after = pl.col(f"{base}_after") + own.cum_sum().over(_FAMILY)
    yield (after - own).alias(f"{base}_before")
    yield after.alias(f"{base}_after")


def _gone(bases: Sequence[str]) -> Iterator[pl.Expr]:
    """Whether the family's revenue has been returned, before the row and after it."""
    if set(COUNTED) & set(bases):
        returned = as_exact("revenue_minor").cum_sum().over(_FAMILY)
        is_gone = pl.col("_revenue") + returned == 0
        yield is_gone.cast(pl.Int64).cum_max().over(_FAMILY).alias("_gone")


def _counts(bases: Sequence[str]) -> Iterator[pl.Expr]:
    for base in bases:
        if base in COUNTED:
            gone = pl.col("_gone")
            gone_before = gone.shift(1, fill_value=0).over(_FAMILY)
            yield (pl.col(f"{base}_after") * (1 - gone_before)).cast(EXACT_TYPE).alias(f"{base}_before")
            yield (pl.col(f"{base}_after") * (1 - gone)).cast(EXACT_TYPE).alias(f"{base}_after")


def _at_origin(
    tied: pl.DataFrame, returns: pl.DataFrame, originals: pl.DataFrame, bases: Sequence[str]
) -> Iterator[pl.DataFrame]:
    """Returns in the place of what they reverse; those that reverse nothing known are treated as present ones."""
    untied = returns.join(tied, on=["scenario", "transaction_id"], how="anti")
    yield tied
    yield _at_present(untied, tied, originals, bases).with_columns(pl.lit("origin").alias("treatment"))


def _at_present(
    returns: pl.DataFrame, tied: pl.DataFrame, originals: pl.DataFrame, bases: Sequence[str]
) -> pl.DataFrame:
    """Returns by their own date; one that reverses nothing known is taken for the return of an invoice."""
    counted = [base for base in bases if base in COUNTED]
    kinds = originals.select("scenario", pl.col("transaction_id").alias("reverses_id"), "event")
    present = returns.join(kinds, on=["scenario", "reverses_id"], how="left")
    if counted:
        taken_back = ((pl.col(f"{base}_after") - pl.col(f"{base}_before")).alias(f"_{base}") for base in counted)
        present = present.join(
            tied.select("scenario", "transaction_id", *taken_back), on=["scenario", "transaction_id"], how="left"
        )
    return present.with_columns(
        pl.col("event").fill_null(Event.INVOICE.value),
        pl.lit("current").alias("treatment"),
        pl.col("dated_on").alias("credited_on"),
        pl.lit(None, pl.String).alias("reverses_id"),
        *(exact(0).alias(f"{base}_before") for base in bases),
        *(as_exact(_column(base)).alias(f"{base}_after") for base in bases if base not in COUNTED),
        *(pl.col(f"_{base}").fill_null(exact(0)).alias(f"{base}_after") for base in counted),
    )


def in_scenario(frame: pl.DataFrame, scenario: str = "") -> pl.DataFrame:
    """The frame as one scenario."""
    return with_same(frame, pl.String(), scenario=scenario)
