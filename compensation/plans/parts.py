"""What all parts of a plan file share: how they are read, words in lists, spans of days, errors with a remedy."""

from datetime import date, timedelta
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

NEVER = date(9999, 12, 31)
"""Stands for 'no end' where a first day after is wanted."""


def problem(what: str, remedy: str, **context: int | tuple[str | int, ...]) -> PydanticCustomError:
    """An error that says what is wrong and what to do.

    ``index`` in the context names the item of a list of bounds, ``place`` where in the mapping the part at fault is.
    """
    return PydanticCustomError("plan", "{what}; {remedy}", {"what": what, "remedy": remedy, **context})


class PlanPart(BaseModel):
    """A mapping of a plan file: no key that the language does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=False)

    def given(self, *keys: str) -> list[str]:
        """Those of the attributes that the file gives."""
        return [key for key in keys if getattr(self, key) not in (None, ())]


def listed(typed: object) -> object:
    """A single word where a list is wanted."""
    return (typed,) if isinstance(typed, str) else typed


Words = Annotated[tuple[str, ...], BeforeValidator(listed, json_schema_input_type=str | tuple[str, ...])]


class People(PlanPart):
    """People by their position: those who match every list that is given."""

    titles: Words = ()
    regions: Words = ()
    channels: Words = ()
    teams: Words = ()
    payees: Words = ()

    @property
    def lists(self) -> dict[str, tuple[str, ...]]:
        """What is asked of a position, by the key: its title, region, channel or team, and whose it is."""
        return {key: getattr(self, key) for key in self.given(*People.model_fields)}


class Titles(PlanPart):
    """What people read, by language."""

    en: str
    zh_hans: str | None = Field(default=None, alias="zh-Hans")

    @property
    def by_language(self) -> dict[str, str]:
        return {"en": self.en, "zh-Hans": self.zh_hans or self.en}


class Span(PlanPart):
    """From the first day through the last, both included; without ``through`` it has no end."""

    from_on: date = Field(alias="from")
    through: date | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.through is not None and self.through < self.from_on:
            raise problem("'through' lies before 'from'", "swap them or correct the dates")
        return self

    @property
    def ends_on(self) -> date:
        """The first day after it."""
        return NEVER if self.through is None else self.through + timedelta(days=1)

    def contains(self, day: date) -> bool:
        return self.from_on <= day < self.ends_on
