"""Records are one deal if the keys that they state say so."""

from datetime import date
from itertools import permutations
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from mappings.deals import Deal, join
from mappings.money import Money
from mappings.records import (
    Allocation,
    CanonicalRecord,
    Contract,
    CreditNote,
    Customer,
    Invoice,
    Key,
    Lead,
    Line,
    Opportunity,
    Order,
    Quote,
    Receipt,
    RepCommission,
    Stage,
)

TEN = Money(minor=1000, currency="USD")
DAY = date(2026, 1, 31)


def crm(ref: str) -> Key:
    return Key(source="crm", ref=ref)


def erp(ref: str) -> Key:
    return Key(source="erp", ref=ref)


def opportunity(ref: str) -> Opportunity:
    return Opportunity(source="crm", ref=ref, name=ref, stage=Stage.WON, currency="USD")


def quote(ref: str, of: str | None = None, contract: str | None = None) -> Quote:
    keys = {"opportunity_key": of and crm(of), "contract_key": contract and crm(contract)}
    return Quote.model_validate({"source": "crm", "ref": ref, "dated_on": DAY, "currency": "USD", "amount": TEN} | keys)


def contract(ref: str, quote_ref: str | None = None) -> Contract:
    key = None if quote_ref is None else crm(quote_ref)
    return Contract(source="crm", ref=ref, dated_on=DAY, currency="USD", quote_key=key)


def order(ref: str, of: str | None = None, contract_ref: str | None = None) -> Order:
    return Order(
        source="erp",
        ref=ref,
        dated_on=DAY,
        currency="USD",
        amount=TEN,
        opportunity_key=None if of is None else crm(of),
        contract_key=None if contract_ref is None else crm(contract_ref),
    )


def invoice(ref: str, *orders: str, line_orders: tuple[str, ...] = ()) -> Invoice:
    lines = tuple(Line(ref=str(n), origin_key=erp(number)) for n, number in enumerate(line_orders))
    keys = tuple(map(erp, orders))
    return Invoice(source="erp", ref=ref, dated_on=DAY, currency="USD", amount=TEN, order_keys=keys, lines=lines)


def receipt(ref: str, *invoices: str) -> Receipt:
    allocations = tuple(Allocation(invoice_key=erp(number), amount=TEN) for number in invoices)
    return Receipt(source="erp", ref=ref, received_on=DAY, amount=TEN, allocations=allocations)


def credit_note(ref: str, of: str) -> CreditNote:
    return CreditNote(source="erp", ref=ref, dated_on=DAY, currency="USD", amount=TEN, invoice_key=erp(of))


def commission(ref: str, of: str) -> RepCommission:
    return RepCommission(source="erp", ref=ref, employee_key=erp("E"), dated_on=DAY, amount=TEN, invoice_key=erp(of))


def told(deals: list[Deal]) -> dict[str, list[str]]:
    return {deal.deal_id: [f"{kind} {key.ref}" for kind, key in deal.members] for deal in deals}


def joined(*records: CanonicalRecord) -> dict[str, list[str]]:
    return told(list(join(records)))


WHOLE_CHAIN = (
    commission("K1", "I1"),
    commission("K2", "C1"),
    credit_note("C1", "I1"),
    receipt("R1", "I1"),
    invoice("I1", "S1"),
    order("S1", "O1"),
    contract("T1", "Q1"),
    quote("Q1", "O1"),
    Lead(source="crm", ref="L1", name="Lead", opportunity_key=crm("O1")),
    opportunity("O1"),
)


def test_a_chain_from_lead_to_credit_note_is_one_deal_with_the_opportunitys_key() -> None:
    members = ["opportunity O1", "lead L1", "quote Q1", "contract T1", "order S1", "invoice I1", "credit_note C1"]
    assert joined(*WHOLE_CHAIN) == {"crm:O1": [*members, "receipt R1", "rep_commission K1", "rep_commission K2"]}


def test_what_joins_nothing_is_a_deal_of_its_own_named_by_its_first_document() -> None:
    assert joined(invoice("1", "1"), order("1"), receipt("9")) == {
        "erp:order:1": ["order 1", "invoice 1"],
        "erp:receipt:9": ["receipt 9"],
    }


def test_the_same_number_of_different_kinds_is_not_one_record() -> None:
    assert joined(opportunity("1"), order("1"), invoice("1"), receipt("1", "1")) == {
        "crm:1": ["opportunity 1"],
        "erp:invoice:1": ["invoice 1", "receipt 1"],
        "erp:order:1": ["order 1"],
    }


def test_an_invoice_for_orders_of_two_deals_is_a_member_of_both_and_so_is_what_settles_it() -> None:
    both = ["invoice I1", "credit_note C1", "receipt R1"]
    orders = (order("S1", "O1"), order("S2", "O2"), opportunity("O1"), opportunity("O2"))
    expected = {"crm:O1": ["opportunity O1", "order S1", *both], "crm:O2": ["opportunity O2", "order S2", *both]}
    papers = (receipt("R1", "I1"), credit_note("C1", "I1"))
    assert joined(*orders, invoice("I1", "S1", "S2"), *papers) == expected
    assert joined(*orders, invoice("I1", line_orders=("S1", "S2", "S1")), *papers) == expected


def test_a_refund_is_in_the_deal_of_its_credit_note_unless_an_invoice_has_the_key() -> None:
    papers = (invoice("I1"), credit_note("C1", "I1"), receipt("R1", "C1"))
    (deal,) = join(papers)
    assert told([deal]) == {"erp:invoice:I1": ["invoice I1", "credit_note C1", "receipt R1"]}
    assert deal.dangling == ()
    assert joined(*papers, invoice("C1"))["erp:invoice:C1"] == ["invoice C1", "receipt R1"]


def test_an_order_belongs_to_one_deal_its_opportunity_before_its_contract() -> None:
    records = (opportunity("O1"), opportunity("O2"), quote("Q2", "O2"), contract("T2", "Q2"))
    assert joined(*records, order("S1", "O1", "T2"))["crm:O1"] == ["opportunity O1", "order S1"]
    assert joined(*records, order("S1", None, "T2"))["crm:O2"][-1] == "order S1"


def test_a_contract_and_its_quote_are_tied_from_either_end_even_if_from_both() -> None:
    whole = {"crm:O1": ["opportunity O1", "quote Q1", "contract T1"]}
    for pair in [
        (quote("Q1", "O1", "T1"), contract("T1")),
        (quote("Q1", "O1"), contract("T1", "Q1")),
        (quote("Q1", "O1", "T1"), contract("T1", "Q1")),
    ]:
        assert joined(opportunity("O1"), *pair) == whole


def test_a_contract_that_quotes_of_two_deals_name_is_in_the_first_and_so_are_its_orders() -> None:
    quotes = (quote("Q1", "O1", "T1"), quote("Q2", "O2", "T1"))
    found = joined(opportunity("O1"), opportunity("O2"), *quotes, contract("T1"), order("S1", None, "T1"))
    assert found == {
        "crm:O1": ["opportunity O1", "quote Q1", "contract T1", "order S1"],
        "crm:O2": ["opportunity O2", "quote Q2"],
    }


def test_a_key_that_nobody_has_is_named_and_joins_nothing() -> None:
    (deal,) = join([order("S1", "gone", "lost")])
    assert told([deal]) == {"erp:order:S1": ["order S1"]}
    assert [(str(d.holder[1]), d.missing[0], str(d.missing[1])) for d in deal.dangling] == [
        ("erp:S1", "opportunity", "crm:gone"),
        ("erp:S1", "contract", "crm:lost"),
    ]


def test_a_deal_without_missing_keys_names_none() -> None:
    (deal,) = join(WHOLE_CHAIN)
    assert deal.dangling == ()


def test_leads_and_commissions_make_no_deals_and_master_records_no_members() -> None:
    lead = Lead(source="crm", ref="L1", name="Lead")
    assert joined(lead, commission("K1", "gone"), Customer(source="crm", ref="A", name="Acme")) == {}


def test_records_may_arrive_in_any_order() -> None:
    expected = list(join(WHOLE_CHAIN))
    for records in permutations(WHOLE_CHAIN[2:8]):
        assert list(join([*WHOLE_CHAIN[:2], *records, *WHOLE_CHAIN[8:]])) == expected


refs = st.sampled_from(["1", "2", "3", "4"])
maybe = st.none() | refs
records = st.one_of(
    st.builds(opportunity, refs),
    st.builds(quote, refs, maybe, maybe),
    st.builds(contract, refs, maybe),
    st.builds(order, refs, maybe, maybe),
    st.builds(invoice, refs, refs, line_orders=st.lists(refs, max_size=2).map(tuple)),
    st.builds(receipt, refs, refs),
    st.builds(credit_note, refs, refs),
)


@given(st.lists(records, max_size=25, unique_by=lambda r: (type(r), r.ref)), st.randoms(use_true_random=False))
def test_however_keys_point_every_document_is_in_a_deal_and_order_does_not_matter(
    found: list[CanonicalRecord], random: Random
) -> None:
    deals = list(join(found))
    assert len({deal.deal_id for deal in deals}) == len(deals)
    members = [member for deal in deals for member in deal.members]
    assert {key.ref for _, key in members} == {record.ref for record in found}
    assert len(set(members)) == len(found)
    orders = [key for kind, key in members if kind == "order"]
    assert len(orders) == len(set(orders))
    random.shuffle(found)
    assert list(join(found)) == deals
