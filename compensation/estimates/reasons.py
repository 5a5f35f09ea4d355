"""Reasons as codes, and as sentences in English and Simplified Chinese.

Numbers, money and dates are written by each language's own rules (Babel).
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from importlib import resources

import yaml
from babel.core import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent
from pydantic import BaseModel, ConfigDict

from compensation.exact import rounded

LANGUAGES = {"en": Locale.parse("en"), "zh-Hans": Locale.parse("zh_Hans_CN")}

Texts = Mapping[str, Mapping[str, str]]
"""Sentences by code and language."""

_TEXTS: Texts = yaml.load((resources.files(__package__) / "sentences.yaml").read_text("utf-8"), Loader=yaml.CSafeLoader)


class Money(BaseModel):
    """An amount in units of its currency, exact text; a quantity has no currency."""

    model_config = ConfigDict(frozen=True)

    amount: str
    currency: str | None


@lru_cache(maxsize=65_536)
def money(minor: int, currency: str, exponent: int) -> Money:
    """Minor units as an amount; ``exponent`` counts the digits of the minor unit."""
    return Money(amount=f"{Decimal(minor).scaleb(-exponent):f}", currency=currency)


class Ratio(BaseModel):
    """A ratio as exact text, 1 is 100 %."""

    model_config = ConfigDict(frozen=True)

    ratio: str


class Word(BaseModel):
    """A word of ours that has a translation."""

    model_config = ConfigDict(frozen=True)

    word: str


Parameter = Money | Ratio | Word | Mapping[str, str] | date | str


class Reason(BaseModel):
    """Why something is earned or is not: a code with its parameters, and the sentence by language."""

    model_config = ConfigDict(frozen=True)

    code: str
    params: Mapping[str, str | dict[str, str | None]]
    text: Mapping[str, str]


def reason(code: str, sentences: Texts = _TEXTS, /, **params: Parameter) -> Reason:
    """The reason with its sentences. A mapping is a title by language."""
    texts = {
        language: sentences[code][language].format_map(
            {name: _written(value, language) for name, value in params.items()}
        )
        for language in LANGUAGES
    }
    return Reason(code=code, params={name: _plain(value) for name, value in params.items()}, text=texts)


@lru_cache(maxsize=65_536)
def decimal_text(value: Fraction, places: int = 8) -> str:
    """The number in decimal digits: exact if ``places`` suffice, else rounded half away from zero.

    >>> decimal_text(Fraction(1, 20)), decimal_text(Fraction(2, 3), 4), decimal_text(Fraction(-3))
    ('0.05', '0.6667', '-3')
    """
    scaled = Decimal(rounded(value * 10**places)).scaleb(-places)
    text = f"{scaled:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _plain(value: Parameter) -> str | dict[str, str | None]:
    match value:
        case Ratio():
            return value.ratio
        case Word():
            return value.word
        case Money():
            return value.model_dump()
        case date():
            return value.isoformat()
        case str():
            return value
        case _:
            return dict(value)


def _written(value: Parameter, language: str) -> str:
    match value:
        case Money():
            return _money(value.amount, value.currency, language)
        case Ratio():
            return _percent(value.ratio, language)
        case Word():
            return _TEXTS[value.word][language] if value.word in _TEXTS else value.word
        case date():
            return _day(value, language)
        case str():
            return value
        case _:
            return value[language]


@lru_cache(maxsize=65_536)
def _money(amount: str, currency: str | None, language: str) -> str:
    if currency is None:
        return format_decimal(Decimal(amount), locale=LANGUAGES[language])
    return format_currency(Decimal(amount), currency, locale=LANGUAGES[language], decimal_quantization=False)


@lru_cache(maxsize=65_536)
def _percent(ratio: str, language: str) -> str:
    return format_percent(Decimal(ratio), format="#,##0.####%", locale=LANGUAGES[language])


@lru_cache(maxsize=4_096)
def _day(day: date, language: str) -> str:
    return format_date(day, locale=LANGUAGES[language])
