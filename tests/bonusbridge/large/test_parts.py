"""Calculations in parts: the same rows and cents as in one piece, in however many parts; and what is refused."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from bonusbridge.large.calculating import calculate_folder, read_results
from bonusbridge.large.errors import FolderError
from bonusbridge.large.facts_folder import FactsFolder, write_facts
from bonusbridge.large.totals import Total, added
from compensation import Facts, FactsError, PayOverflowError, Plan, calculate, parse_plan
from compensation.partitions.units import Units
from tests.bonusbridge.large.worlds_in_files import differences, generated, in_one_piece, results_of
from tests.compensation.crediting.company import facts as company
from tests.compensation.worlds import LAST

PLAN = """\
plan: Plain
currency: USD
effective: {from: 2026-01-01}
applies_to: {everyone: yes}
components:
  - {component: pay, credited_on: invoice, measure: revenue, period: month, payout: {rate: 7%}}
"""
SEEDS = (1, 3, 14, 207)


def plain() -> list[Plan]:
    return [parse_plan(PLAN, "plain.yaml")]


def check_world(seed: int, plans: int, folder: Path) -> Units:
    facts, written = generated(seed, plans)
    whole = in_one_piece(facts, written)
    write_facts(facts, folder / f"facts-{seed}", 16)
    for parts in (1, 6):
        out = folder / f"out-{seed}-{parts}"
        totals = calculate_folder(folder / f"facts-{seed}", written, as_of=LAST, parts=parts, out=out)
        assert differences(whole, results_of(out)) == [], f"seed {seed}, {parts} parts"
        assert sum(each.minor for each in totals if each.what == "earned") == sum(
            whole[name]["earning_minor"].sum() for name in ("lines", "openings")
        )
        assert sum(each.minor for each in totals if each.what == "paid") == whole["payments"]["paid_minor"].sum()
    return Units.of(written)


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_and_cents_do_not_depend_on_the_number_of_parts(seed: int, tmp_path: Path) -> None:
    check_world(seed, 3, tmp_path)


def test_the_companies_have_plans_of_both_kinds_returns_elsewhere_and_a_history() -> None:
    kinds, adjusted = set(), 0
    for seed in SEEDS:
        facts, plans = generated(seed, 3)
        kinds |= {plan.name in Units.of(plans).undivided for plan in plans}
        sold = facts.transactions.select(pl.col("transaction_id").alias("reverses_id"), pl.col("deal_id").alias("deal"))
        returned = facts.transactions.join(sold, on="reverses_id")
        assert not returned.filter(pl.col("deal") != pl.col("deal_id")).is_empty()
        adjusted += in_one_piece(facts, plans)["adjustments"].height
    assert kinds == {True, False}
    assert adjusted


@pytest.mark.soak
@pytest.mark.parametrize("plans", [1, 2, 4])
def test_rows_and_cents_do_not_depend_on_the_number_of_parts_at_length(plans: int, tmp_path: Path) -> None:
    for seed in range(1000, 1100):
        check_world(seed, plans, tmp_path)


def too_large(*guilty: str, revenue: int, times: int = 1) -> Facts:
    """A company of twenty in which some sell beyond all measure."""
    people = [f"p{number:02}" for number in range(20)]
    return company(
        [{"payee_id": payee} for payee in people],
        transactions=[
            {
                "transaction_id": f"{payee}-{number}",
                "deal_id": payee,
                "revenue_minor": revenue if payee in guilty else 100,
            }
            for payee in people
            for number in range(times)
        ],
        participants=[{"deal_id": payee, "payee_id": payee} for payee in people],
    )


REFUSED = {
    "a credit": (too_large("p17", "p05", "p11", revenue=6 * 10**18), "a credit"),
    "a total": (too_large("p17", "p05", "p11", revenue=4 * 10**18, times=4), "the total of 2026-02"),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("parts", [1, 2, 7])
def test_of_amounts_too_large_the_first_payee_and_component_are_named(what: str, parts: int, tmp_path: Path) -> None:
    facts, said = REFUSED[what]
    write_facts(facts, tmp_path / "facts", 8)
    with pytest.raises(PayOverflowError) as refused:
        calculate_folder(tmp_path / "facts", plain(), as_of=LAST, parts=parts, out=tmp_path / "out")
    text = f"payee p05, component 'pay': {said} is too large to be calculated exactly"
    assert (str(refused.value), refused.value.payee_id, refused.value.component) == (text, "p05", "pay")
    assert list((tmp_path / "out").iterdir()) == []


def test_facts_that_do_not_fit_are_refused_in_the_same_words(tmp_path: Path) -> None:
    facts = company(transactions=[{"transaction_id": "t"}])
    plan = parse_plan(PLAN.replace("USD", "CHF"), "chf.yaml")
    write_facts(facts, tmp_path / "facts")
    with pytest.raises(FactsError) as whole:
        calculate(facts, [plan], as_of=LAST)
    with pytest.raises(FactsError) as divided:
        calculate_folder(tmp_path / "facts", [plan], as_of=LAST, parts=3)
    assert str(divided.value) == str(whole.value)


def test_a_company_without_deals_is_calculated_too(tmp_path: Path) -> None:
    write_facts(company(participants=[]), tmp_path / "facts")
    totals = calculate_folder(tmp_path / "facts", plain(), as_of=date(2026, 3, 31), parts=2, out=tmp_path / "out")
    assert totals == [Total("earned", "Plain", "pay", "USD", 0, 3)]
    assert read_results(tmp_path / "out", "lines").is_empty()


def test_all_facts_come_back_from_their_files(tmp_path: Path) -> None:
    facts, _ = generated(3)
    write_facts(facts, tmp_path / "facts", 8)
    folder = FactsFolder(tmp_path / "facts")
    deals, rest = folder.of_deals(range(8)), folder.without_deals(facts.transactions)
    for name in ("transactions", "participants", "measures", "attributes"):
        columns = getattr(facts, name).columns
        assert getattr(deals, name).sort(columns).equals(getattr(facts, name).sort(columns))
    assert rest.posted.equals(facts.posted)
    assert rest.assignments.equals(deals.assignments)
    assert (tmp_path / "facts").stat().st_mode & 0o077 == 0


def test_nothing_is_left_between(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    write_facts(REFUSED["a total"][0], tmp_path / "facts")
    with pytest.raises(PayOverflowError):
        calculate_folder(tmp_path / "facts", plain(), as_of=LAST, parts=2, scratch=scratch)
    assert list(scratch.iterdir()) == []


def test_a_folder_is_not_written_over_and_an_unfinished_one_not_read(tmp_path: Path) -> None:
    facts = company(transactions=[{"transaction_id": "t"}])
    write_facts(facts, tmp_path / "facts")
    with pytest.raises(FolderError, match="facts is not empty; name a new folder"):
        write_facts(facts, tmp_path / "facts")
    with pytest.raises(FolderError, match="facts is not empty"):
        calculate_folder(tmp_path / "facts", plain(), as_of=LAST, parts=1, out=tmp_path / "facts")
    with pytest.raises(FolderError, match="holds no finished calculation"):
        read_results(tmp_path / "facts", "lines")


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ("facts.json", r"holds no facts \(facts.json\); write some with 'bonusbridge export'"),
        ("quotas.parquet", r"quotas.parquet is missing or cannot be read as Parquet"),
        ("transactions.parquet/bucket-00000.parquet", "bucket-00000.parquet is missing or cannot be read as Parquet"),
    ],
)
def test_a_spoilt_folder_is_refused_with_a_remedy(spoilt: str, said: str, tmp_path: Path) -> None:
    write_facts(company(), tmp_path / "facts")
    (tmp_path / "facts" / spoilt).write_text("not this")
    with pytest.raises(FolderError, match=said):
        calculate_folder(tmp_path / "facts", plain(), as_of=LAST, parts=1)


def test_totals_are_exact_beyond_64_bits() -> None:
    part = (Total("paid", "P", "", "IDR", 2**62, 3),)
    assert added([part, part, part, part]) == [Total("paid", "P", "", "IDR", 2**64, 12)]
