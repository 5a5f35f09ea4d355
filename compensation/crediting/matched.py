"""What has been matched, in numbers: what they stand for is looked up once it is known what is left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from compensation.columns import kept, repeated, with_looked_up
from compensation.names import NAME
from compensation.packing import order_of

ORDER = ("order_no", "instalment", "rule", "party_no")
"""The order of credits."""
PLACE: dict[str, pl.DataType] = {
    **dict.fromkeys(("payee_id", "role", "party", "via_payee_id"), NAME),
    **dict.fromkeys(("level", "share_from", "share_to", "party_no"), pl.Int64()),
    **dict.fromkeys(("team", "title", "payee_region", "payee_channel"), NAME),
    "hired_on": pl.Date(),
}
"""The columns of those who are credited: a party and its position."""


@dataclass(frozen=True)
class Matched:
    """Which documents credit whom by which rules.

    ``rows``: document, place (their rows in the other frames, UInt32) and rule (its number, Int64), in the order of
    credits. ``documents``: the transactions that credit anybody, as
    :func:`~compensation.crediting.matching.prepared` makes them. ``places``: the columns :data:`PLACE`.
    """

    rows: pl.DataFrame
    documents: pl.DataFrame
    places: pl.DataFrame

    @classmethod
    def of(cls, found: Sequence[tuple[pl.DataFrame, pl.DataFrame]], documents: pl.DataFrame) -> "Matched":
        """Of several ways to be credited: each its rows and its places."""
        rows, offset = [], 0
        for own, places in found:
            rows.append(own.with_columns(pl.col("place") + pl.lit(offset, pl.UInt32)) if offset else own)
            offset += places.height
        return cls(_together(rows), documents, _together([typed(places, list(PLACE)) for _, places in found]))

    def column(self, name: str) -> pl.Series:
        """Of each credit a column of its document or its place, or its rule."""
        if name in self.rows.columns:
            return self.rows[name]
        return self._source(name)[self._row(name)]

    def _row(self, name: str) -> pl.Series:
        return self.rows["place" if name in self.places.columns else "document"]

    def _source(self, name: str) -> pl.Series:
        return self.places[name] if name in self.places.columns else self.documents[name]

    def frame(self, names: Sequence[str]) -> pl.DataFrame:
        """Those columns of each credit."""
        return pl.DataFrame([self.column(name).alias(name) for name in names])

    def told(self, columns: Mapping[str, pl.DataType]) -> pl.DataFrame:
        """Those columns of each credit in their types, and rule; one that is the same for all of them is held once."""
        looked_up = ((self._source(name).cast(dtype), self._row(name)) for name, dtype in columns.items())
        return with_looked_up(self.rows[["rule"]], looked_up)

    def of_rules(self, values: Mapping[int, object], dtype: pl.DataType) -> pl.Series:
        """Of each credit what its rule has, by number."""
        every = [values.get(number) for number in range(max(values, default=0) + 1)]
        return pl.Series(every, dtype=dtype)[self.rows["rule"]]

    def kept(self, is_kept: pl.Series) -> "Matched":
        """The credits for which it is true."""
        return replace(self, rows=kept(self.rows, is_kept))

    def compact(self) -> "Matched":
        """Without the documents that credit nobody."""
        nowhere = repeated(value=False, count=self.documents.height, dtype=pl.Boolean())
        occurs = nowhere.scatter(self.rows["document"], values=True)
        if occurs.all():
            return self
        numbers = (occurs.cast(pl.UInt32).cum_sum() - 1)[self.rows["document"]]
        return replace(
            self, rows=self.rows.with_columns(numbers.alias("document")), documents=self.documents.filter(occurs)
        )

    def in_order(self) -> "Matched":
        """The credits by order_no, instalment, rule and party_no."""
        order = order_of(self.frame(ORDER), ORDER)
        return self if order is None else replace(self, rows=self.rows[order])


def typed(places: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Those of the columns :data:`PLACE` in their types."""
    return pl.DataFrame([places[name].cast(PLACE[name]) for name in names])


def _together(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    return frames[0] if len(frames) == 1 else pl.concat(frames, rechunk=True)
