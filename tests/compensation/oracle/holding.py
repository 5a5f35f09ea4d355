"""Holding: what somebody has stopped by hand comes on the day on which it is let go, or waits for that."""

from dataclasses import replace

from tests.compensation.oracle.company import FOREVER, Company, Row, contains
from tests.compensation.oracle.releasing import Family, Piece, Released, Waits, origin_of


class Holds:
    """The holds of a company."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def stop(self, family: Family) -> None:
        """Each release, and what a return takes back, comes no sooner than nothing holds it any more."""
        family.released, released = [], family.released
        for each in released:
            self._stop(family, each)

    def _stop(self, family: Family, each: Released) -> None:
        last = self._last(each)
        if last is None:
            family.released.append(each)
        elif (last["to_on"] or FOREVER) <= self._company.as_of:
            family.released.append(replace(each, day=last["to_on"]))
        else:
            held = Waits(each.piece, last["to_on"], "held", each.minor, last["author"], last["reason"])
            family.waiting.append(held)

    def _last(self, each: Released) -> Row | None:
        """The hold that lets it go."""
        own, last, day = self._of(each.piece), None, each.day
        while holding := [row for row in own if contains(row, day)]:
            last = max(holding, key=lambda row: row["to_on"] or FOREVER)
            day = last["to_on"] or FOREVER
        return last

    def _of(self, piece: Piece) -> list[Row]:
        """The holds of the deal, and of the document of what began it."""
        row = self._company.by_id.get(origin_of(self._company, piece))
        if row is None:
            return []
        held = (hold for hold in self._company.rows.get("holds", ()) if hold["deal_id"] == row["deal_id"])
        return [hold for hold in held if hold["document_id"] in (None, row["document_id"])]
