"""What a mapping does with a source record."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.language import Mapped, Unmappable, load_mapping, load_shipped
from mappings.records import Invoice, Key, Opportunity, Order
from tests.mappings.examples import MODIFIED_AT, mapped, only, order_mapping, read_field, refusal

BOTH = """\
currency: USD
streams:
  Document:
    order:
      when: {path: kind, is: sale}
      fields: {dated_on: on, amount: net}
    invoice:
      when: {path: kind, one_of: [bill, correction]}
      ref: number
      fields: {dated_on: on, amount: net, number: number}
    receipt:
      each: payments
      ref: id
      fields:
        received_on: on
        amount: paid
        allocations: {each: '@', fields: {invoice_key: {path: number, of: payload}, amount: paid}}
"""


def document(**values: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"kind": "sale", "on": "2026-02-01", "net": 10, "number": "N1"} | values


def test_a_record_has_the_source_its_ref_and_its_stamp_in_utc() -> None:
    stamp = datetime.fromisoformat("2026-03-01T10:30:00+01:00")
    order = only(load_mapping(BOTH).apply("Document", "erp", "17", stamp, '{"kind":"sale","on":"2026-02-01","net":1}'))
    assert isinstance(order, Order)
    assert (str(order.key), order.modified_at) == ("erp:17", MODIFIED_AT)
    assert repr(order.modified_at) == repr(MODIFIED_AT)


def test_conditions_choose_which_records_a_source_record_gives() -> None:
    mapping = load_mapping(BOTH)
    assert isinstance(only(mapped(mapping, "Document", document())), Order)
    invoice = only(mapped(mapping, "Document", document(kind="correction")))
    assert isinstance(invoice, Invoice)
    assert invoice.ref == "N1"
    assert mapped(mapping, "Document", document(kind="draft")).records == ()


def test_one_source_record_can_give_several_records() -> None:
    payments = [{"id": 1, "on": "2026-02-02", "paid": 4}, {"id": 2, "on": "2026-02-03", "paid": 6}]
    found = mapped(load_mapping(BOTH), "Document", document(kind="bill", payments=payments))
    assert [str(record.key) for record in found.records] == ["crm:N1", "crm:1", "crm:2"]
    assert found.records[2].allocations[0].invoice_key == Key(source="crm", ref="N1")  # type: ignore[attr-defined] # a receipt


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("{path: t, is: a}", True),
        ("{path: t, is_not: a}", False),
        ("{path: t, starts_with: a}", True),
        ("{path: absent, is_not: a}", True),
        ("{path: absent, is_present: false}", True),
        ("{path: empty, is_present: true}", False),
        ("{path: t, none_of: [b, c]}", True),
        ("{path: flag, is: true}", True),
        ("{path: text_flag, is: true}", True),
        ("{path: n, is: 1}", True),
        ("{path: n, at_least: 1}", True),
        ("{path: n, above: 1}", False),
        ("{path: n, at_most: 0.99}", False),
        ("{path: n, below: 1.01}", True),
        ("{path: text_number, below: 0}", True),
        ("{path: absent, below: 0}", False),
        ("{all: [{path: t, is: a}, {path: n, is: 2}]}", False),
        ("{any: [{path: t, is: b}, {path: n, is: 1}]}", True),
        ("{not: {path: t, is: a}}", False),
        ("[{path: t, is: a}, {path: flag, is: true}]", True),
    ],
)
def test_comparisons(condition: str, holds: bool) -> None:
    values = {"t": "a", "empty": "", "flag": True, "text_flag": "true", "n": Decimal("1.00"), "text_number": "-0.01"}
    spec = f"{{cases: [{{when: {condition}, constant: yes}}], required: false}}"
    assert (read_field("number", spec, values) == "yes") is holds


def test_a_comparison_with_what_cannot_be_compared_is_a_refusal() -> None:
    refused = refusal("number", "{cases: [{when: {path: t, above: 1}, constant: x}]}", {"t": "many"})
    assert refused.reason.startswith("is text where a number is expected")


def test_null_and_empty_are_missing_and_absent_can_be_told_from_them() -> None:
    for missing in ({"v": None}, {"v": ""}, {}):
        assert read_field("number", "{path: v, default: none}", missing) == "none"
    assert read_field("number", "{path: v, absent: reject}", {"v": None}) == ""
    assert "the payload has no `v`" in refusal("number", "{path: v, absent: reject}", {}).reason
    assert "fill it in the source" in refusal("number", "{path: v, required: true}", {"v": None}).reason
    assert "the payload has no `a.v`" in refusal("number", "{path: a.v, required: true}", {"a": None}).reason


def test_zero_and_false_are_not_missing() -> None:
    assert read_field("amount", "{path: v, default: 5}", {"v": 0}).minor == 0
    assert read_field("number", "{path: v, default: x}", {"v": False}) == "false"


def test_the_first_path_with_a_value_is_taken() -> None:
    spec = "{first_of: [a, b.c, d]}"
    assert read_field("number", spec, {"a": "", "b": {"c": "C"}, "d": "D"}) == "C"
    assert read_field("number", spec, {"d": "D"}) == "D"


def test_the_first_case_that_holds_and_has_a_value_is_taken() -> None:
    spec = "{cases: [{when: {path: k, is: x}, path: a}, {path: b, as: trim}, {constant: last}]}"
    assert read_field("number", spec, {"k": "x", "a": "A", "b": "B"}) == "A"
    assert read_field("number", spec, {"k": "y", "a": "A", "b": " B "}) == "B"
    assert read_field("number", spec, {"k": "x"}) == "last"
    refused = refusal("dated_on", "{cases: [{when: {path: k, is: x}, path: a}]}", {"k": "y"})
    assert "none of its cases holds and has a value" in refused.reason


def test_what_is_missing_is_counted_by_name_and_does_not_refuse_the_record() -> None:
    mapping = order_mapping(customer_key="{path: c, count_when_missing: customer missing}")
    found = mapped(mapping, "S", {"c": None})
    assert (only(found).customer_key, found.warnings) == (None, ("customer missing",))
    assert mapped(mapping, "S", {"c": "C1"}).warnings == ()


LINES = "{each: line, when: {path: t, is_not: title}, fields: {ref: id, amount: a, origin_key: {path: o, of: record}}}"


def test_lines_are_read_with_paths_of_their_own_or_of_the_record() -> None:
    lines = [{"id": 1, "t": "title"}, {"id": 2, "a": "1.10"}, {"id": 3, "a": 2}]
    found = read_field("lines", LINES, {"line": lines, "o": "SO1"})
    assert [(line.ref, line.amount.minor, str(line.origin_key)) for line in found] == [
        ("2", 110, "crm:SO1"),
        ("3", 200, "crm:SO1"),
    ]


def test_a_lone_item_is_a_list_of_one_and_none_is_none() -> None:
    assert len(read_field("lines", LINES, {"line": {"id": 1}})) == 1
    assert read_field("lines", LINES, {"line": None}) == ()
    assert read_field("lines", LINES, {}) == ()


def test_a_refused_line_names_its_place() -> None:
    assert refusal("lines", LINES, {"line": [{"id": 1}, {"id": 2, "a": "NaN"}]}).field == "lines[1].amount"
    refused = refusal("lines", LINES, {"line": [{"id": 1}, {"id": 1}]})
    assert (refused.field, refused.reason.split(";")[0]) == ("lines[1].ref", "is the ref of an earlier line too")


def test_keys_can_be_a_list() -> None:
    mapping = load_mapping(BOTH.replace("number: number}", "number: number, order_keys: {each: orders, path: id}}"))
    found = only(mapped(mapping, "Document", document(kind="bill", orders=[{"id": "A"}, {"id": None}, {"id": "B"}])))
    assert [key.ref for key in found.order_keys] == ["A", "B"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the payload is not JSON"),
        ("{", "the payload is not JSON"),
        ('{"a": NaN}', "the payload is not JSON"),
        ('{"a": 1e9999999999999999999}', "the payload is not JSON with numbers within bounds"),
        ("[1]", "the payload is not a JSON object"),
        ("null", "the payload is not a JSON object"),
        ('{"n": "\\ud800"}', "the payload is not JSON"),
        ("\ud800", "the payload is not JSON"),
        ('{"dated_on": ' + "[" * 100_000, "the payload is not JSON"),
    ],
)
def test_a_payload_that_is_no_json_object_is_refused(text: str, reason: str) -> None:
    with pytest.raises(Unmappable, match=reason):
        order_mapping().apply("S", "crm", "r1", None, text)


def test_two_records_of_one_key_are_refused() -> None:
    payments = [{"id": 1, "on": "2026-02-02", "paid": 4}, {"id": 1, "on": "2026-02-03", "paid": 6}]
    with pytest.raises(Unmappable, match="ref: gives two records of one kind and ref"):
        mapped(load_mapping(BOTH), "Document", document(payments=payments))


def test_a_record_without_what_should_be_its_ref_is_refused() -> None:
    with pytest.raises(Unmappable, match="crm/Document/r1: ref: is missing: the payload has no `number`"):
        mapped(load_mapping(BOTH), "Document", {"kind": "bill", "on": "2026-02-01", "net": 1})


def test_an_unknown_stream_is_refused_by_name() -> None:
    with pytest.raises(
        Unmappable, match="crm/T/r1: the mapping `example` has no stream `T`; add it, or do not read it"
    ):
        mapped(order_mapping(), "T", {})


def test_what_the_canonical_record_does_not_take_is_refused_without_the_value() -> None:
    refused = refusal("number", "v", {"v": "secret" * 1000})
    assert refused.field == "number"
    assert "at most 4000 characters" in refused.reason
    assert "secret" not in str(refused)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.sampled_from(["a", "id", "t"]), children),
    max_leaves=6,
)
SALESFORCE = load_shipped("salesforce")
FIELDS = [
    "Name",
    "Amount",
    "CurrencyIsoCode",
    "CloseDate",
    "CreatedDate",
    "OwnerId",
    "IsWon",
    "IsClosed",
    "Probability",
]


@given(st.dictionaries(st.sampled_from([*FIELDS, "OpportunityLineItems", "OpportunitySplits"]), json_values))
def test_whatever_the_payload_the_answer_is_records_or_a_refusal(values: dict[str, Any]) -> None:
    plain = {"Name": "N", "Amount": 1, "IsClosed": False, "IsWon": False} | values
    try:
        found = mapped(SALESFORCE, "Opportunity", plain)
    except Unmappable as unmappable:
        found = Mapped((), (unmappable.reason,))
    assert [type(record) for record in found.records] == [Opportunity] or found.warnings


# --- versions, replay, extending


def test_the_version_is_that_of_the_meaning_not_of_the_comments() -> None:
    version = load_mapping(BOTH).version
    assert load_mapping("# a comment\n" + BOTH).version == version
    assert load_mapping(BOTH.replace("is: sale", "is: order")).version != version


def test_a_refused_record_is_mapped_once_the_mapping_is_mended() -> None:
    values = {"stage": "Fertig"}
    refused = refusal("state", "{path: stage, values: {Offen: open}}", values)
    assert (refused.field, refused.value_hint) == ("state", "'Fertig'")
    assert read_field("state", "{path: stage, values: {Offen: open, Fertig: closed}}", values) == "closed"


def test_the_same_payload_gives_the_same_records() -> None:
    values = document(kind="bill", payments={"id": 1, "on": "2026-02-02", "paid": 4})
    assert mapped(load_mapping(BOTH), "Document", values) == mapped(load_mapping(BOTH), "Document", values)


OWN = """\
extends: ./base.yaml
currency: EUR
streams:
  Document:
    order:
      fields:
        dated_on: {path: day, format: '%d.%m.%Y'}
    invoice: null
    receipt:
      fields:
        allocations: {fields: {amount: settled}}
  Quote:
    quote: {fields: {dated_on: on, amount: net}}
"""


def test_a_companys_file_says_only_what_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BOTH)
    (tmp_path / "own.yaml").write_text(OWN)
    own = load_mapping(tmp_path / "own.yaml")
    order = only(mapped(own, "Document", document(day="05.02.2026")))
    assert (order.dated_on, order.currency) == (date(2026, 2, 5), "EUR")
    assert mapped(own, "Document", document(kind="bill")).records == ()
    receipt = only(
        mapped(own, "Document", {"number": "N", "payments": {"id": 1, "on": "2026-02-02", "paid": 4, "settled": 3}})
    )
    assert (receipt.amount.minor, receipt.allocations[0].amount.minor) == (400, 300)
    assert own.streams == ("Document", "Quote")


def test_a_change_of_what_is_extended_changes_the_version(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN)
    versions = set()
    for base in (BOTH, BOTH.replace("is: sale", "is: order")):
        (tmp_path / "base.yaml").write_text(base)
        versions.add(load_mapping(tmp_path / "own.yaml").version)
    assert len(versions) == 2


def test_the_example_of_the_documentation_works() -> None:
    text = (Path(__file__).parents[2] / "docs" / "mappings.md").read_text(encoding="utf-8")
    example = load_mapping(text.split("```yaml\n")[1].split("```")[0], "example")
    values = {"Id": "006", "Name": "N", "Total__c": Decimal("1.005"), "StageName": "Won", "OwnerId": "005"}
    found = mapped(example, "Opportunity", values)
    assert (str(only(found).amount), only(found).stage, found.warnings) == ("1.00 USD", "won", ("customer missing",))
    assert mapped(example, "Opportunity", values | {"Type": "Renewal"}).records == ()
