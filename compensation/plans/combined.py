"""Numbers that an operator makes of others; measures of transactions and figures of periods may be such."""

from collections.abc import Iterator
from typing import Self

from pydantic import model_validator

from compensation.plans.parts import PlanPart, problem
from compensation.plans.typed_numbers import Number, read_number

OPERATORS = ("sum", "difference", "product", "ratio", "min", "max")


def read_term(typed: object) -> object:
    """A number, a name, or what is written out."""
    if isinstance(typed, str) and typed[:1] in "+-0123456789":
        return read_number(typed)
    return typed


class Combined(PlanPart):
    """At most one of the :data:`OPERATORS`, which its kinds have as keys, with its terms."""

    @property
    def operator(self) -> str | None:
        """The operator that it applies, if any."""
        return next(iter(self.given(*OPERATORS)), None)

    @property
    def terms(self) -> tuple[Number | Self | str, ...]:
        return getattr(self, self.operator) if self.operator else ()

    @property
    def written_out(self) -> Iterator[Self]:
        """Those of its terms that are of its own kind and have no name."""
        yield from (term for term in self.terms if isinstance(term, type(self)))

    @property
    def names(self) -> Iterator[str]:
        """The names among its terms, and among the terms of those that are written out."""
        yield from (term for term in self.terms if isinstance(term, str))
        for term in self.written_out:
            yield from term.names

    @model_validator(mode="after")
    def _has_its_terms(self) -> Self:
        if self.operator in ("difference", "ratio") and len(self.terms) != 2:
            raise problem(f"'{self.operator}' takes two terms", "give a list of two")
        return self
