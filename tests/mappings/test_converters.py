"""Each named converter: what it makes of a value, and what it refuses."""

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.money import MAX_MINOR, Money
from mappings.records import Key, OrderState
from tests.mappings.examples import mapped, only, order_mapping, read_field, refusal

LOCAL = "{path: v, as: local_date}"


def usd(text: str) -> Money:
    return Money.of(Decimal(text), "USD")


@pytest.mark.parametrize(
    ("field", "spec", "value", "expected"),
    [
        ("number", "v", "A-1", "A-1"),
        ("number", "v", 17, "17"),
        ("number", "v", " kept as it is ", " kept as it is "),
        ("number", "{path: v, as: trim}", "  A-1 ", "A-1"),
        ("number", "{path: v, as: email}", " Ann@Example.ORG", "ann@example.org"),
        ("amount", "v", Decimal("12.50"), usd("12.50")),
        ("amount", "v", "12.50", usd("12.50")),
        ("amount", "v", 12, usd("12")),
        ("amount", "v", "-1.25E+1", usd("-12.50")),
        ("amount", "{path: v, rounding: half_even}", Decimal("0.125"), usd("0.12")),
        ("amount", "{path: v, rounding: half_up}", Decimal("0.125"), usd("0.13")),
        ("amount", "{path: v, rounding: down}", Decimal("-0.129"), usd("-0.12")),
        ("amount", "{path: v, negate: true}", "3.10", usd("-3.10")),
        ("amount", "{path: v, currency: {constant: JPY}}", "310", Money(minor=310, currency="JPY")),
        ("amount", "{path: v, as: minor_units}", 1250, usd("12.50")),
        ("amount", "v", Decimal("12345678901234567.89"), usd("12345678901234567.89")),
        ("dated_on", "v", "2026-02-28", date(2026, 2, 28)),
        ("dated_on", "{path: v, format: '%m/%d/%Y'}", "3/1/2017", date(2017, 3, 1)),
        ("dated_on", "{path: v, format: '%d.%m.%Y'}", "03.01.2017", date(2017, 1, 3)),
        ("dated_on", "{path: v, plus: {months: 3}}", "2026-11-30", date(2027, 2, 28)),
        ("dated_on", "{path: v, plus: {days: 1}}", "2026-12-31", date(2027, 1, 1)),
        ("dated_on", "{path: v, as: local_date}", "2026-06-30T23:30:00.000+0000", date(2026, 6, 30)),
        (
            "dated_on",
            "{path: v, as: local_date, time_zone: Europe/Berlin}",
            "2026-06-30T23:30:00.000+0000",
            date(2026, 7, 1),
        ),
        ("dated_on", "{path: v, as: local_date, time_zone: America/New_York}", "2026-07-01T00:30:00", date(2026, 7, 1)),
        ("state", "v", "closed", OrderState.CLOSED),
        ("state", "{path: v, values: {Fertig: closed, Offen: open}}", "Fertig", OrderState.CLOSED),
        ("state", "{path: v, values: {'true': closed}, otherwise: open}", True, OrderState.CLOSED),
        ("state", "{path: v, values: {Fertig: closed}, otherwise: open}", "?", OrderState.OPEN),
        ("customer_key", "v", 12, Key(source="crm", ref="12")),
        ("customer_key", "{path: v, source: shop}", "C1", Key(source="webshop", ref="C1")),
        ("customer_key", "{path: v, prefix: 'party.party,'}", "party.party,12", Key(source="crm", ref="12")),
        ("customer_key", "{path: v, prefix: 'party.party,'}", "sale.sale,12", None),
        ("customer_key", "{path: v, aliases: {GTXPro: GTX Pro}}", "GTXPro", Key(source="crm", ref="GTX Pro")),
    ],
)
def test_converts(field: str, spec: str, value: object, expected: object) -> None:
    assert read_field(field, spec, {"v": value}, shop="webshop") == expected


@pytest.mark.parametrize(
    ("field", "spec", "value", "reason", "hint"),
    [
        ("number", "v", "A\x00B", "has a NUL character", ""),
        ("number", "v", {"a": 1}, "is an object where text is expected", ""),
        ("number", "v", Decimal("1.5"), "is a number where text is expected", ""),
        ("amount", "v", "NaN", "is text where a number is expected", ""),
        ("amount", "v", "1_000", "is text where a number is expected", ""),
        ("amount", "v", "1.234,56", "is text where a number is expected", ""),
        ("amount", "v", "\u0661\u0662", "is text where a number is expected", ""),
        ("amount", "v", True, "is a boolean where a number is expected", ""),
        ("amount", "v", Decimal("1e400"), "has 401 digits before the point", ""),
        ("amount", "v", "1e99999", "has 100000 digits before the point", ""),
        ("amount", "v", 1234567890123456789, "does not fit into 64 bits", ""),
        ("amount", "v", Decimal("0.125"), "finer than the minor unit of USD", ""),
        ("amount", "{path: v, as: minor_units}", "12.5", "is not a whole number", ""),
        ("amount", "{path: v, currency: {path: c}}", 1, "is not an ISO 4217 currency code", "'usd'"),
        ("amount", "{path: 'to_number(v)'}", "0.1", "a float", ""),
        ("dated_on", "v", "2026-02-30", "is not a day of the calendar", "'2026-02-30'"),
        ("dated_on", "v", "3/1/2017", "declare its `format`", "'3/1/2017'"),
        ("dated_on", "v", "2026-06-30T23:30:00Z", "use `as: local_date`", "'2026-06-30T23:30:00Z'"),
        ("dated_on", "{path: v, format: '%m/%d/%Y'}", "13/1/2017", "not a date of the declared format", "'13/1/2017'"),
        ("dated_on", LOCAL, "2026-06-30T23:30:00", "declare a `time_zone`", "'2026-06-30T23:30:00'"),
        ("dated_on", LOCAL, "9999-12-31T23:00:00-05:00", "outside the calendar", "'9999-12-31T23:00:00-05:00'"),
        ("dated_on", "{path: v, plus: {months: 3}}", "9999-12-31", "at the end of the calendar", "'9999-12-31'"),
        ("state", "v", "halb fertig", "add it to `values`", "'halb fertig'"),
        ("customer_key", "{path: v, source: shop}", "C1", "bound to no configured source", ""),
        ("dated_on", "v", None, "is missing: fill it in the source", ""),
        ("dated_on", "v", "", "is missing: fill it in the source", ""),
        ("dated_on", "w", "2026-01-01", "the payload has no `w`; have the connector read it", ""),
    ],
)  # fmt: skip
def test_refuses(field: str, spec: str, value: object, reason: str, hint: str) -> None:
    refused = refusal(field, spec, {"v": value, "c": "usd"})
    assert (refused.field, refused.value_hint) == (field, hint)
    assert reason in refused.reason
    assert str(refused).startswith(f"crm/S/r1: {field}: ")


def test_pay_and_names_are_not_spelled_out_in_a_refusal() -> None:
    for field, spec, value in [
        ("amount", "v", "12.3456789"),
        ("number", "v", "Ann Agent\x00"),
        ("amount", "v", "123456 dollars"),
    ]:
        assert str(value).rstrip("\x00") not in str(refusal(field, spec, {"v": value}))


LINE = "{each: '@', fields: {ref: {constant: '1'}, quantity: %s}}"


def quantity(spec: str, value: object) -> Decimal:
    (line,) = read_field("lines", LINE % spec, {"v": value})
    exact: Decimal = line.quantity
    return exact


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=12))
def test_a_decimal_is_the_same_from_a_json_number_and_from_text(number: Decimal) -> None:
    assert quantity("v", number) == number
    assert quantity("v", f"{number:f}") == number


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=8))
def test_a_percentage_is_a_hundredth_exactly(number: Decimal) -> None:
    assert quantity("{path: v, as: percent}", number) * 100 == number


@given(st.integers(-MAX_MINOR, MAX_MINOR))
def test_money_is_the_same_from_a_json_number_and_from_text(minor: int) -> None:
    amount = Decimal(minor).scaleb(-2)
    assert read_field("amount", "v", {"v": amount}).minor == minor
    assert read_field("amount", "v", {"v": str(amount)}).minor == minor


@pytest.mark.parametrize(("value", "expected"), [("0.1", "0.1"), ("12345678901234567890.123456789012", None)])
def test_more_digits_than_the_canonical_field_holds_are_refused(value: str, expected: str | None) -> None:
    if expected:
        assert quantity("v", Decimal(value)) == Decimal(expected)
    else:
        refused = refusal("lines", LINE % "v", {"v": Decimal(value)})
        assert refused.field == "lines[0].quantity"
        assert "no more than 28 digits" in refused.reason


def test_places_round_only_if_it_is_declared_how() -> None:
    assert quantity("{path: v, places: 2, rounding: half_even}", Decimal("1.005")) == Decimal("1.00")
    assert "declare a `rounding`" in refusal("lines", LINE % "{path: v, places: 2}", {"v": Decimal("1.005")}).reason


def plain_text(alphabet: str = "abcGTX Pro'\u00e9\u4e2d:{}#") -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=1, max_size=8)


@given(st.dictionaries(plain_text(), plain_text(), max_size=4), plain_text())
def test_an_alias_is_replaced_and_every_other_value_is_kept(aliases: dict[str, str], value: str) -> None:
    spec = json.dumps({"path": "v", "aliases": aliases}, ensure_ascii=False)  # JSON is YAML
    assert read_field("number", spec, {"v": value}) == aliases.get(value, value)


@given(st.text(max_size=50))
def test_an_enumeration_answers_or_names_the_value_it_does_not_know(value: str) -> None:
    spec = "{path: v, values: {a: open, b: closed, c: cancelled}, required: true}"
    if value in ("a", "b", "c"):
        assert read_field("state", spec, {"v": value}) in OrderState
    else:
        refused = refusal("state", spec, {"v": value})
        assert refused.value_hint == "" or refused.value_hint.startswith(repr(value)[:40])


def test_a_currency_is_the_lines_else_the_records_else_the_files() -> None:
    mapping = order_mapping(lines="{each: l, fields: {ref: id, amount: {path: a, currency: c}}}")
    values = {"l": [{"id": 1, "a": 5, "c": "JPY"}, {"id": 2, "a": 5}]}
    first, second = only(mapped(mapping, "S", values)).lines
    assert (first.amount.currency, second.amount.currency) == ("JPY", "USD")
