"""The engine's releases, adjustments and payments against the oracle's, to the cent, on generated histories."""

import random
from collections.abc import Iterator
from enum import EnumType

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from compensation.plans.payments import Draw, Guarantee, GuaranteeStep, MaximumPayout, MinimumPayout, Payments
from compensation.plans.releases import Clawback, Release
from tests.compensation.worlds import settled_plans
from tests.compensation.worlds.comparing_settled import compared_settled

WORLDS = 10
"""In these, thousands of payments, adjustments, and components of payees that release or wait are compared."""
PARTS = (Release, Clawback, Payments, Draw, Guarantee, GuaranteeStep, MinimumPayout, MaximumPayout)


@pytest.mark.parametrize("first", range(0, WORLDS, 2))
def test_every_cent_is_paid_alike(first: int) -> None:
    for seed in (first, first + 1):
        comparison = compared_settled(seed)
        assert not comparison.differences, "\n\n".join(comparison.differences[:3])
        assert comparison.cases


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_every_cent_is_paid_alike_a_hundred_thousand_times() -> None:
    seeds = random.SystemRandom()
    cases = 0
    while cases < 100_000:
        seed = seeds.randrange(10**12)
        print(f"seed {seed}, {cases} cases so far")  # noqa: T201  # says how to repeat it
        comparison = compared_settled(seed)
        assert not comparison.differences, "\n\n".join(comparison.differences[:3])
        cases += comparison.cases


def test_nothing_that_is_said_of_releases_and_payments_is_left_out() -> None:
    """Each key is given and left out by some plan of the worlds above, and each word of a choice is said by one."""
    said = {each for seed in range(WORLDS) for plan in settled_plans(seed) for each in _said(plan)}
    assert {each for part in PARTS for each in _words(part)} - said == set()


def _said(part: BaseModel) -> Iterator[tuple[str, str, str]]:
    """What a part of a plan and the parts in it say: class, key and the word, or whether it is given."""
    for name in type(part).model_fields:
        value = getattr(part, name)
        for each in value if isinstance(value, tuple) else [value]:
            if isinstance(each, BaseModel):
                yield from _said(each)
        is_given = name in part.model_fields_set
        yield type(part).__name__, name, "given" if is_given else "left out"
        if is_given:
            yield type(part).__name__, name, str(value)


def _words(part: type[BaseModel]) -> Iterator[tuple[str, str, str]]:
    for name, field in part.model_fields.items():
        yield part.__name__, name, "given"
        if not field.is_required():
            yield part.__name__, name, "left out"
        yield from ((part.__name__, name, word) for word in _choices(field))


def _choices(field: FieldInfo) -> list[str]:
    kinds = getattr(field.annotation, "__args__", (field.annotation,))
    words = [str(each) for kind in kinds if isinstance(kind, EnumType) for each in kind]
    return [*words, *(["True", "False"] if bool in kinds else [])]
