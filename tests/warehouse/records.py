"""Hypothesis strategies for every canonical record, from the models themselves."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel

from mappings.money import MAX_MINOR, Money
from mappings.records import MAX_QUANTITY, RECORD_KINDS, Assignment, CanonicalRecord, ExchangeRate, Key, Line, Share

CHARACTERS = st.characters(exclude_characters="\x00", codec="utf-8")
TEXT = st.text(CHARACTERS, max_size=12)
CURRENCY = st.sampled_from(["USD", "EUR", "JPY", "KWD"])
SOURCE = st.sampled_from(["crm", "erp", "other-crm"])
REF = st.text(CHARACTERS, min_size=1, max_size=12)
RATIO = st.decimals(0, 10, places=6)
EXACT = st.decimals(-(10**15), 10**15, places=12)
ZONES = st.integers(-12, 12).map(lambda hours: timezone(timedelta(hours=hours)))

FIELDS: dict[tuple[type, str], st.SearchStrategy[Any]] = {
    (Share, "ratio"): RATIO,
    (Line, "quantity"): st.decimals(-MAX_QUANTITY, MAX_QUANTITY, places=12),
    (ExchangeRate, "rate"): st.decimals("0.000000000001", 10**9, places=12),
}
SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    bool: st.booleans(),
    date: st.dates(),
    AwareDatetime: st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=ZONES),  # noqa: DTZ001 - the zone is drawn
    Decimal: EXACT,
    Money: st.builds(Money, minor=st.integers(-MAX_MINOR, MAX_MINOR), currency=CURRENCY),
    Key: st.builds(Key, source=SOURCE, ref=REF),
}


def records() -> st.SearchStrategy[CanonicalRecord]:
    """Any record of any kind."""
    return st.one_of([_model(model) for model in RECORD_KINDS.values()])


def _model(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    return st.builds(model, **{name: _field(model, name, info.annotation) for name, info in model.model_fields.items()})


def _field(model: type[BaseModel], name: str, annotation: object) -> st.SearchStrategy[Any]:
    if name == "source":
        return SOURCE
    if name == "ref":
        return REF
    if name.endswith("currency"):
        return st.none() | CURRENCY if NoneType in get_args(annotation) else CURRENCY
    return FIELDS[model, name] if (model, name) in FIELDS else _values(annotation)


def _values(annotation: object) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _values(arguments[0])
    if origin in (Union, UnionType):
        return st.none() | st.one_of([_values(each) for each in arguments if each is not NoneType])
    if origin is tuple:
        return _assignments() if arguments[0] is Assignment else st.lists(_values(arguments[0]), max_size=3).map(tuple)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return st.sampled_from(list(annotation))
    if annotation in SCALARS:
        return SCALARS[annotation]
    assert isinstance(annotation, type)
    assert issubclass(annotation, BaseModel)
    return _model(annotation)


def _assignments() -> st.SearchStrategy[tuple[Assignment, ...]]:
    """Assignments that follow each other without overlapping, in any order."""

    def chain(days: list[date], drawn: list[Assignment]) -> tuple[Assignment, ...]:
        ends = [*sorted(days)[1:], None]
        pairs = zip(sorted(days), ends, drawn, strict=False)
        return tuple(each.model_copy(update={"from_on": start, "to_on": end}) for start, end, each in pairs)

    drawn = st.lists(_model(Assignment), max_size=3)
    return st.builds(chain, st.lists(st.dates(), min_size=3, max_size=3, unique=True), drawn).flatmap(
        lambda found: st.permutations(found).map(tuple)
    )


NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
