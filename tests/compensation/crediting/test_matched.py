"""What is matched, in numbers: what is left of it stands for the same documents and places as before."""

import polars as pl
import pytest

from compensation import packing
from compensation.crediting.matched import PLACE, Matched
from compensation.names import NAME


def matched(*rows: tuple[int, int, int]) -> Matched:
    """Rows (document, place, rule) of documents a, b, c with order numbers 3, 1, 2 and payees ann and bea."""
    documents = pl.DataFrame(
        {"transaction_id": ["a", "b", "c"], "order_no": [3, 1, 2], "instalment": [0, 0, 0], "kind": "invoice"}
    )
    places = pl.DataFrame({"payee_id": ["ann", "bea"], "party_no": [1, 0], "team": ["East", "East"]})
    schema = {"document": pl.UInt32, "place": pl.UInt32, "rule": pl.Int64}
    return Matched(pl.DataFrame(rows, schema=schema, orient="row"), documents, places)


def told(found: Matched) -> list[tuple[str, str, int]]:
    return found.frame(("transaction_id", "payee_id", "rule")).rows()


def test_credits_that_are_kept() -> None:
    every = matched((0, 0, 0), (1, 1, 1))
    assert told(every.kept(pl.Series([True, True]))) == [("a", "ann", 0), ("b", "bea", 1)]
    assert told(every.kept(pl.Series([False, True]))) == [("b", "bea", 1)]
    assert told(every.kept(pl.Series([False, False]))) == []


def test_documents_that_credit_nobody_are_left_out() -> None:
    compact = matched((2, 0, 0), (0, 1, 0), (2, 1, 0)).compact()
    assert compact.documents["transaction_id"].to_list() == ["a", "c"]
    assert told(compact) == [("c", "ann", 0), ("a", "bea", 0), ("c", "bea", 0)]
    every = matched((2, 0, 0), (0, 1, 0), (1, 1, 0))
    assert told(every.compact()) == told(every)
    assert told(matched().compact()) == []


@pytest.mark.parametrize("few", [0, packing.FEW])
def test_credits_stand_in_the_order_of_documents_rules_and_parties(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "FEW", few)
    rows = [("b", "ann", 0), ("c", "bea", 0), ("c", "ann", 0), ("c", "bea", 1), ("a", "ann", 0)]
    found = matched((0, 0, 0), (2, 1, 1), (2, 0, 0), (1, 0, 0), (2, 1, 0)).in_order()
    assert told(found) == rows
    assert told(found.in_order()) == rows


def test_what_is_the_same_of_all_is_told_with_what_differs() -> None:
    found = matched((0, 0, 1), (1, 1, 0)).told({"transaction_id": pl.String(), "kind": NAME, "team": NAME})
    assert found.select("transaction_id", "rule", "kind", "team").rows() == [
        ("a", 1, "invoice", "East"),
        ("b", 0, "invoice", "East"),
    ]


def test_what_a_rule_has_stands_beside_its_credits() -> None:
    found = matched((0, 0, 4), (1, 1, 0)).of_rules({0: 7, 4: 9}, pl.Int64())
    assert found.to_list() == [9, 7]


def test_several_ways_to_be_credited_each_keep_their_places() -> None:
    every = [matched((0, 0, 0)), matched((1, 1, 1)), matched((2, 0, 2))]
    blank = pl.DataFrame(
        {
            name: pl.Series([None, None], dtype=dtype)
            for name, dtype in PLACE.items()
            if name not in every[0].places.columns
        }
    )
    found = Matched.of([(each.rows, each.places.hstack(blank)) for each in every], every[0].documents)
    assert told(found) == [("a", "ann", 0), ("b", "bea", 1), ("c", "ann", 2)]
    assert found.column("payee_id").to_list() == ["ann", "bea", "ann"]
    assert found.places.height == 6
