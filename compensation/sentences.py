"""Reasons as codes, and as sentences in English and Simplified Chinese.

Numbers, money and dates are written by each language's own rules (Babel).
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from babel.core import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent
from pydantic import BaseModel, ConfigDict

from compensation.exact import rounded

LANGUAGES = {"en": Locale.parse("en"), "zh-Hans": Locale.parse("zh_Hans_CN")}

SENTENCES: dict[str, tuple[str, str]] = {
    "credited_owner": ("{share} of this deal is yours: {credit} counts.", "本单{share}归您，计入{credit}。"),
    "credited_overlay": ("You support this deal with {share}: {credit} counts.", "您以{share}支持本单，计入{credit}。"),
    "credited_manager": (
        "{share} of this deal comes to you through {via}: {credit} counts.",
        "本单{share}经由{via}计入您的业绩：{credit}。",
    ),
    "converted": (
        "The deal is in {from_currency}; on {day} one {from_currency} is {rate} {to_currency}.",
        "本单以{from_currency}计价；{day}汇率为1 {from_currency}兑{rate} {to_currency}。",
    ),
    "attainment": (
        "Your quota for {period} is {quota}; with this deal you go from {before} to {after} of it.",
        "您{period}的指标为{quota}；本单使达成率由{before}升至{after}。",
    ),
    "position": (
        "In {period} you go from {before} to {after}.",
        "{period}内您的累计由{before}变为{after}。",
    ),
    "tier_slice": ("{slice} at {rate} earns {earning}.", "{slice}按{rate}计，得{earning}。"),
    "unit_slice": ("{slice} units at {rate} each earn {earning}.", "{slice}件，每件{rate}，得{earning}。"),
    "whole_amount": (
        "Reaching {bound} pays {rate} on all of the period, not only on this deal: {earning}.",
        "达到{bound}后，本期全部业绩均按{rate}计算，不限于本单：{earning}。",
    ),
    "fixed_amount": ("Reaching {bound} pays {earning}.", "达到{bound}，得{earning}。"),
    "line_rate": (
        "{slice} at {rate}, the rate at this point, earns {earning}.",
        "{slice}按当前比率{rate}计，得{earning}。",
    ),
    "nothing_yet": ("Nothing is paid up to {bound}.", "未达{bound}之前不计发。"),
    "overdue": (
        "The expected close date {day} has passed; the deal is estimated as if it closed today.",
        "预计成交日{day}已过；按今日成交估算。",
    ),
    "list_price": (
        "The deal has no amount; its products' list prices stand in.",
        "本单未填金额，以产品目录价代替。",
    ),
    "no_amount": ("The deal has no amount yet, so nothing can be estimated.", "本单尚无金额，无法估算。"),
    "no_date": (
        "The deal has no expected close date, so no period can be told.",
        "本单没有预计成交日，无法确定所属期间。",
    ),
    "deal_lost": ("The deal is lost; it pays nothing.", "本单已丢失，不产生奖金。"),
    "deal_won": (
        "The deal is won; see what it has earned instead of an estimate.",
        "本单已赢单，请查看实际所得而非估算。",
    ),
    "nobody_owns": ("Nobody owns this deal, so it pays nobody.", "本单没有负责人，因此无人获得奖金。"),
    "splits_not_whole": (
        "The owners' shares add up to {total}, not to 100%; nobody is credited until they do.",
        "负责人分成合计为{total}，不等于100%；更正前不计入任何人。",
    ),
    "no_assignment": ("{name} has no position on {day}.", "{name}在{day}没有任职记录。"),
    "no_plan": ("There is no plan in force on {day}.", "{day}没有生效的方案。"),
    "title_not_covered": (
        "No plan in force on {day} covers {name} as '{title}'.",
        "{day}没有生效的方案适用于职位为“{title}”的{name}。",
    ),
    "role_not_credited": (
        "{component} does not credit the role '{role}'.",
        "{component}不计入角色“{role}”。",
    ),
    "outside_window": ("{component} counts from {start} through {end} only.", "{component}仅限{start}至{end}。"),
    "filtered": ("{component} does not count {attribute} '{value}'.", "{component}不计{attribute}“{value}”。"),
    "no_quota": ("{component} needs a quota for {period}; none is known.", "{component}需要{period}的指标，但未找到。"),
    "zero_quota": (
        "{component} needs a quota for {period} above zero.",
        "{component}需要{period}有大于零的指标。",
    ),
    "no_quota_rate": (
        "The quota for {period} is in another currency, and no exchange rate is known.",
        "{period}的指标为另一币种，且没有汇率。",
    ),
    "no_rate": (
        "No exchange rate from {from_currency} to {to_currency} is known on {day}.",
        "没有{day}由{from_currency}兑{to_currency}的汇率。",
    ),
    "no_margin": (
        "{component} pays on margin, and the deal's margin is not known.",
        "{component}按毛利计，而本单毛利未知。",
    ),
}

_WORDS: dict[str, tuple[str, str]] = {
    "product": ("product", "产品"),
    "product_family": ("product family", "产品系列"),
    "customer": ("customer", "客户"),
    "region": ("region", "区域"),
    "channel": ("channel", "渠道"),
    "owner": ("owner", "负责人"),
    "overlay": ("overlay", "协同"),
    "manager": ("manager", "经理"),
}


class Money(BaseModel):
    """An amount in units of its currency, exact text; a quantity has no currency."""

    model_config = ConfigDict(frozen=True)

    amount: str
    currency: str | None


class Ratio(BaseModel):
    """A ratio as exact text, 1 is 100 %."""

    model_config = ConfigDict(frozen=True)

    ratio: str


class Word(BaseModel):
    """A word of ours that has a translation."""

    model_config = ConfigDict(frozen=True)

    word: str


class Reason(BaseModel):
    """Why something is earned or is not: a code with its parameters, and the sentence by language."""

    model_config = ConfigDict(frozen=True)

    code: str
    params: Mapping[str, Any]
    text: Mapping[str, str]


def reason(code: str, **params: Money | Ratio | Word | Mapping[str, str] | date | str) -> Reason:
    """The reason with its sentences. A mapping is a title by language."""
    texts = {
        language: template.format_map({name: _written(value, language) for name, value in params.items()})
        for language, template in zip(LANGUAGES, SENTENCES[code], strict=True)
    }
    return Reason(code=code, params={name: _plain(value) for name, value in params.items()}, text=texts)


def decimal_text(value: Fraction, places: int = 8) -> str:
    """The number in decimal digits: exact if ``places`` suffice, else rounded half away from zero.

    >>> decimal_text(Fraction(1, 20)), decimal_text(Fraction(2, 3), 4), decimal_text(Fraction(-3))
    ('0.05', '0.6667', '-3')
    """
    scaled = Decimal(rounded(value * 10**places)).scaleb(-places)
    text = f"{scaled:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _plain(value: Money | Ratio | Word | Mapping[str, str] | date | str) -> Any:
    match value:
        case Ratio():
            return value.ratio
        case Word():
            return value.word
        case Money():
            return value.model_dump()
        case date():
            return value.isoformat()
        case _:
            return value


def _written(value: Money | Ratio | Word | Mapping[str, str] | date | str, language: str) -> str:
    match value:
        case Money():
            return _money(value.amount, value.currency, language)
        case Ratio():
            return _percent(value.ratio, language)
        case Word():
            return _WORDS[value.word][list(LANGUAGES).index(language)] if value.word in _WORDS else value.word
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
