"""How a component pays: one shape, or a shape for each case, a matrix, a scorecard, a pool, a ranking."""

from collections.abc import Iterator
from enum import StrEnum
from math import ceil
from typing import Annotated, Self

from pydantic import Field, model_validator

from compensation.plans.parts import PlanPart, Words, problem
from compensation.plans.shapes import SHAPES, Shape
from compensation.plans.typed_numbers import Amount, LowerBound, Number, NumberOrPercent, Part

OTHER = "other"
"""The word that stands for every value that no case names."""


class Case(Shape):
    """What is paid where the attribute has one of the values ``when``, or the number lies ``from`` .. ``to``.

    A case by number ends where the next begins; with ``to`` (included) it may end before, and the gap pays nothing.
    """

    when: Words = ()
    lower: LowerBound | None = Field(default=None, alias="from")
    upper: NumberOrPercent | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if bool(self.when) == (self.lower is not None):
            raise problem("a case has to say when it holds", "give 'when' with values, or 'from' with a number")
        if len(self.given(*SHAPES)) != 1:
            raise problem("a case pays in one shape", f"give exactly one of {', '.join(SHAPES)}")
        return self


class Axis(PlanPart):
    """One side of a matrix: an attribute with its ``values``, or a figure with the bounds where its rows begin."""

    by: str
    begins: tuple[LowerBound, ...] = Field(default=(), alias="from")
    values: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _has_places(self) -> Self:
        if bool(self.begins) == bool(self.values):
            raise problem("an axis has values of an attribute or bounds of a figure", "give either 'values' or 'from'")
        places = [(bound.value, bound.is_above) for bound in self.begins]
        if places != sorted(set(places)):
            raise problem("bounds are not in ascending order", "sort them")
        return self

    def __len__(self) -> int:
        return len(self.begins) or len(self.values)


class Matrix(PlanPart):
    """A grid: ``pays`` are parts of the target pay (or amounts), ``rates`` rates on the measure; rows first."""

    rows: Axis
    columns: Axis
    pays: tuple[tuple[NumberOrPercent, ...], ...] = ()
    rates: tuple[tuple[NumberOrPercent, ...], ...] = ()
    interpolated: bool = False

    @property
    def grid(self) -> tuple[tuple[NumberOrPercent, ...], ...]:
        return self.pays or self.rates

    @model_validator(mode="after")
    def _is_full(self) -> Self:
        if bool(self.pays) == bool(self.rates):
            raise problem("a matrix has one grid", "give either 'pays' or 'rates'")
        if len(self.grid) != len(self.rows) or any(len(row) != len(self.columns) for row in self.grid):
            raise problem("the grid does not fit its axes", "give a line for each row and a number for each column")
        if self.interpolated and (self.rows.values or self.columns.values):
            raise problem("values have nothing between them", "interpolate only between bounds ('from')")
        return self


class ScoreBand(PlanPart):
    """The score from a bound on."""

    lower: LowerBound = Field(alias="from")
    score: NumberOrPercent


class ScorePoint(PlanPart):
    """The score at a value; between two points it lies on the line."""

    at: NumberOrPercent
    score: NumberOrPercent


class Kpi(PlanPart):
    """One line of a scorecard: a figure, its weight and how it scores (as it is, unless bands or points are given)."""

    kpi: str
    figure: str
    weight: NumberOrPercent
    bands: tuple[ScoreBand, ...] = ()
    points: tuple[ScorePoint, ...] = ()
    cap: NumberOrPercent | None = None
    floor: NumberOrPercent | None = None

    @model_validator(mode="after")
    def _scores_one_way(self) -> Self:
        if self.bands and self.points:
            raise problem("a score has bands or points", "leave one of them out")
        return self


class Among(StrEnum):
    """With whom somebody shares a pool, a budget or a ranking."""

    TEAM = "team"
    TITLE = "title"
    REGION = "region"
    PLAN = "plan"


class Division(StrEnum):
    EQUALLY = "equally"
    BY_MEASURE = "by_measure"


class Pool(PlanPart):
    """Money that a group earns together: ``size`` by the group's position, then divided among its members."""

    of: Among
    size: Shape
    divided: Annotated[Division | str, Field(union_mode="left_to_right")] = Division.BY_MEASURE


class Ties(StrEnum):
    """What equal ranks win: each the higher prize, a share of what their ranks win together, or nothing."""

    EACH = "each"
    SHARE = "share"
    NOBODY = "nobody"


class Top(PlanPart):
    """A prize for each of the best ``share`` of all who are ranked, but for those who win a prize above."""

    share: Part
    prize: Amount


class Ranking(PlanPart):
    """Prizes for the best by a figure, rank by rank or for ``top`` shares. Zero or less is not ranked and wins nothing.

    A share is of those who are ranked, rounded up to whole ranks.
    """

    by: str
    among: Among = Among.PLAN
    prizes: Annotated[tuple[Amount, ...], Field(min_length=1)] | None = None
    top: Annotated[tuple[Top, ...], Field(min_length=1)] | None = None
    ties: Ties = Ties.SHARE

    @model_validator(mode="after")
    def _has_prizes(self) -> Self:
        if len(self.given("prizes", "top")) != 1:
            raise problem("a ranking has prizes for ranks or for top shares", "give either 'prizes' or 'top'")
        shares = [each.share.value for each in self.top or ()]
        if shares != sorted(set(shares)):
            raise problem("the top shares are not in ascending order", "sort them by 'share'")
        return self

    def prizes_among(self, ranked: int) -> tuple[Number, ...]:
        """The prizes of the first ranks, if so many are ranked.

        >>> top = (Top(share="10%", prize="500"), Top(share="30%", prize="200"))
        >>> [int(prize.value) for prize in Ranking(by="sold", top=top).prizes_among(11)]
        [500, 500, 200, 200]
        """
        prizes = list(self.prizes or ())
        for each in self.top or ():
            prizes += [each.prize] * (ceil(each.share.value * ranked) - len(prizes))
        return tuple(prizes)


class Payout(Shape):
    """Exactly one way of paying."""

    by: str | None = None
    cases: Annotated[tuple[Case, ...], Field(min_length=1)] | None = None
    matrix: Matrix | None = None
    scorecard: Annotated[tuple[Kpi, ...], Field(min_length=1)] | None = None
    pool: Pool | None = None
    ranking: Ranking | None = None

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shapes among which a credit finds its own: one for each case, else the only one."""
        return self.cases or (self,)

    @property
    def has_base_rates(self) -> bool:
        """Whether a gate can leave the first rate of whatever it closes."""
        if self.matrix:
            return bool(self.matrix.rates)
        return all(shape.has_base_rate for shape in ([self.pool.size] if self.pool else self.shapes))

    @property
    def needs_credits(self) -> bool:
        """Whether it pays on credits at all, and not on figures alone."""
        return not (self.scorecard or self.ranking or (self.matrix and self.matrix.pays))

    @property
    def figures(self) -> Iterator[str]:
        """The names of the figures that it looks at."""
        yield from (kpi.figure for kpi in self.scorecard or ())
        if self.matrix and self.matrix.pays:
            yield from (axis.by for axis in (self.matrix.rows, self.matrix.columns) if axis.begins)
        if self.ranking:
            yield self.ranking.by
        if self.pool and not isinstance(self.pool.divided, Division):
            yield self.pool.divided

    @property
    def looked_up(self) -> Iterator[str]:
        """The attributes and measures that decide for each transaction: of cases, and of a matrix of rates."""
        if self.by is not None:
            yield self.by
        if self.matrix and self.matrix.rates:
            yield from (self.matrix.rows.by, self.matrix.columns.by)

    @model_validator(mode="after")
    def _pays_one_way(self) -> Self:
        ways = (*SHAPES, "cases", "matrix", "scorecard", "pool", "ranking")
        if len(self.given(*ways)) != 1:
            raise problem("a payout has one shape", f"give exactly one of {', '.join(ways)}")
        if (self.by is None) != (self.cases is None):
            raise problem("cases have to say by what they differ", "give 'by' together with 'cases'")
        self._check_cases()
        return self

    def _check_cases(self) -> None:
        cases = self.cases or ()
        if len({bool(case.when) for case in cases}) > 1:
            raise problem("cases mix values and numbers", "write all with 'when', or all with 'from'")
        words = [word for case in cases for word in case.when]
        for word in words:
            if words.count(word) > 1:
                raise problem(f"'{word}' stands in two cases", "leave it in one of them")
        lowers = [case.lower for case in cases if case.lower is not None]
        places = [(bound.value, bound.is_above) for bound in lowers]
        if places != sorted(set(places)):
            raise problem("cases are not in ascending order", "sort them by 'from'")
