"""A malformed mapping is refused when it is loaded, with every mistake's file, line, key and remedy."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.language import SHIPPED, MappingError, Problem, load_mapping

ORDER = """\
currency: USD
streams:
  Sale:
    order:
      fields:
        dated_on: date
        amount: total
"""


def mistakes(text: str, name: str = "acme") -> list[str]:
    with pytest.raises(MappingError) as refused:
        load_mapping(text, name)
    return [str(problem) for problem in refused.value.problems]


def with_field(line: str) -> str:
    return ORDER + f"        {line}\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("lol: x", "there is no canonical field `lol`; known are: "),
        ("ammount: x", "there is no canonical field `ammount`; did you mean `amount`?"),
        ("number: {path: x, as: txet}", "there is no converter `txet`; did you mean `text`?"),
        ("number: {path: x, as: money}", "`money` does not give what `number` holds; use `text`"),
        ("number: {pth: x}", "a field has no key `pth`; did you mean `path`?"),
        ("number: {path: 'a[?'}", "`a[?` is not a jmespath: "),
        ("number: {path: ''}", "`` is not a jmespath"),
        ("number: {path: x, constant: y}", "needs exactly one of `path`, `first_of`, `constant`, `cases`"),
        ("number: {as: text}", "needs exactly one of `path`, `first_of`, `constant`, `cases`"),
        ("number: {path: x, format: '%Y'}", "means nothing to the converter `text`; remove it"),
        ("number: {path: x, required: perhaps}", "must be true or false"),
        ("number: {path: [x]}", "must be one plain value"),
        ("number: 5", "must be a map: a field with "),
        ("number: {path: x, of: parent}", "`parent` is unknown; known are: item, payload, record"),
        ("number: {first_of: []}", "must be a list with at least one item"),
        ("number: {path: 'a.b[0]', absent: reject}", "needs a plain `path`, like Account.Name"),
        ("number: {path: x, default: }", "must be one plain value"),
        ("number: {cases: [{constant: a, when: {path: b, equals: 1}}]}", "a condition has no key `equals`"),
        ("number: {cases: [{constant: a, when: {path: b}}]}", "needs exactly one comparison of: "),
        ("number: {cases: [{constant: a, when: {is: b}}]}", "a condition needs a `path` with a comparison"),
        ("number: {cases: [{constant: a, when: {path: b, above: high}}]}", "must be a number"),
        ("state: {path: x, values: {Fertig: done}}", "does not fit the canonical field `state`: "),
        ("state: {path: x, otherwise: done}", "does not fit the canonical field `state`: "),
        ("number: {path: x, as: enumeration}", "an enumeration needs its `values`"),
        (
            "opportunity_key: {path: x, values: {a: b}}",
            "`enumeration` does not give what `opportunity_key` holds; use `reference`",
        ),
        ("quote_key: {path: x, aliases: [a]}", "must be a map of values"),
        ("lines: lines", "must be a map: `lines` with each, fields, of, when"),
        ("lines: {fields: {ref: id}}", "needs the path of its list in `each`"),
        ("lines: {each: l, fields: {quantity: q}}", "the canonical field `ref` is required; say where it comes from"),
        ("lines: {each: l, fields: {ref: id, price: p}}", "there is no canonical field `price`; known are: "),
        ("lines: {each: '[', fields: {ref: id}}", "`[` is not a jmespath: "),
        ("currency: x", "write `currency:` beside `fields:`, where money finds it too"),
    ],
)
def test_a_mistake_in_a_field_is_named_with_its_line_and_remedy(line: str, message: str) -> None:
    found = mistakes(with_field(line))
    assert all(mistake.startswith("acme.yaml:8: streams.Sale.order.fields.") for mistake in found)
    assert message in "\n".join(found)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("date\n", "{path: date, format: DD.MM.YYYY}\n", 6, "`DD.MM.YYYY` does not name a whole date; write it like"),
        ("date\n", "{path: d, as: local_date, time_zone: Berlin}\n", 6, "`Berlin` is not an IANA time zone"),
        ("date\n", "{constant: tomorrow}\n", 6, "does not fit the canonical field `dated_on`"),
        ("date\n", "{path: date, plus: {weeks: 1}}\n", 6, "`plus` has no key `weeks`"),
        ("date\n", "{path: date, plus: {months: -3}}\n", 6, "must be a whole number from 0 to 120"),
        ("        dated_on: date\n", "", 5, "the canonical field `dated_on` is required"),
        ("total", "{path: total, rounding: nearest}", 7, "`nearest` is unknown; known are: down, half_down"),
        ("total", "total\n        amount: net", 8, "is there twice (first in line 7); remove one of them"),
        ("order:\n", "order:\n      each: sales\n", 5, "needs a `ref` beside it"),
        ("order:", "odrer:", 4, "there is no canonical record `odrer`; did you mean `order`?"),
        ("currency: USD", "currency: dollars", 1, "`dollars` is not an ISO 4217 currency code"),
        ("currency: USD", "time_zone: UTC", 5, "`currency` is required; give the record or the file a `currency`"),
        ("currency: USD", "time_zone: UTC", 7, "has no currency; give the field, the record or the file a `currency`"),
        ("currency: USD", "money: USD", 1, "a mapping has no key `money`; known are: currency, extends"),
        ("currency: USD", "extends: nowhere", 1, "there is no mapping `nowhere`; shipped are crm_sales, salesforce"),
        ("currency: USD", "extends: [a]", 1, "must be the name of a shipped mapping or the path of a file"),
        ("total", "*total", 7, "`*total`: write the value out; aliases are not read"),
        ("total", "[total", 8, "is not YAML: "),
        ("total", "to\x00tal", 1, "is not YAML: control characters are not allowed"),
    ],
)
def test_a_mistake_elsewhere_is_named_with_its_line_and_remedy(old: str, new: str, line: int, message: str) -> None:
    assert old in ORDER
    found = mistakes(ORDER.replace(old, new))
    assert any(mistake.startswith(f"acme.yaml:{line}: ") and message in mistake for mistake in found), found


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = ORDER.replace("date\n", "{path: 'a['}\n") + "        lol: x\n        state: {path: y, values: {a: b}}\n"
    assert [mistake.split(": ")[0] for mistake in mistakes(text)] == ["acme.yaml:6", "acme.yaml:8", "acme.yaml:9"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "# nothing\n", "[]", "plain text", "streams:", "streams: []", "streams: {}"),
        *("streams: {A: }", "streams: {A: {}}", "streams: {A: {order: }}", "streams: {A: {order: {fields: }}}"),
        *("? {a: b}\n: c", "- *x", "a: !!python/name:os.system x", "[" * 100_000, "{a: " * 100_000),
    ],
)
def test_what_is_no_mapping_is_refused_too(text: str) -> None:
    assert all(mistake.startswith("acme.yaml:") for mistake in mistakes(text))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"nowhere\.yaml:1: file: cannot be read: FileNotFoundError"):
        load_mapping(tmp_path / "nowhere.yaml")


def test_files_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("extends: ./b.yaml\n")
    (tmp_path / "b.yaml").write_text("extends: ./a.yaml\n")
    with pytest.raises(MappingError, match="goes round in a circle"):
        load_mapping(tmp_path / "a.yaml")


def test_a_mistake_in_an_extended_file_is_told_with_that_files_line(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(with_field("lol: x"))
    (tmp_path / "own.yaml").write_text("extends: ./base.yaml\nstreams: {Sale: {order: {fields: {number: no}}}}\n")
    with pytest.raises(MappingError, match=r"base\.yaml:8: streams\.Sale\.order\.fields\.lol: "):
        load_mapping(tmp_path / "own.yaml")


SHIPPED_TEXTS = [path.read_text(encoding="utf-8") for path in sorted(SHIPPED.glob("*.yaml"))]


@settings(max_examples=60)
@given(
    st.sampled_from(SHIPPED_TEXTS),
    st.integers(0, 5000),
    st.integers(0, 12),
    st.text("{}[]:,-'\"&*!|>%@`#\n a1.~", max_size=4),
)
def test_a_damaged_file_loads_or_names_its_mistakes(text: str, place: int, cut: int, put: str) -> None:
    for problem in problems_of(text[:place] + put + text[place + cut :]):
        assert problem.line > 0
        assert problem.message


def problems_of(text: str) -> tuple[Problem, ...]:
    try:
        load_mapping(text, "damaged")
    except MappingError as refused:
        return refused.problems
    return ()
