"""The documents of an example as frames: transactions, who takes part in their deals, what else is told of them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from fractions import Fraction

from compensation.errors import FactsError
from compensation.exact import MILLIONTHS, rounded
from compensation.examples.rows import Row
from compensation.plans.examples import Correction, Document, StoryExample
from compensation.plans.measures import Measure
from compensation.plans.plan import Plan

_TOLD = ("product", "product_family", "customer", "region", "channel", "document_type")


class Documents:
    """The documents of a story in the order in which they are told; each is one transaction.

    A number that is told again is a further line of that document.
    """

    def __init__(self, plan: Plan, story: StoryExample, exponents: Mapping[str, int]) -> None:
        self._plan, self._people, self._exponents = plan, story.people.keys(), exponents
        told: Counter[str] = Counter()
        self.by_id: dict[str, Document] = {}
        for document in story.happens:
            told[document.number] += 1
            count = told[document.number]
            self.by_id[document.number if count == 1 else f"{document.number} line {count}"] = document
        for correction in sorted(story.corrections, key=lambda each: each.known_on):
            self._correct(correction)

    def ids_of(self, number: str) -> set[str]:
        """The transactions of a document."""
        return {transaction_id for transaction_id, document in self.by_id.items() if document.number == number}

    def transactions(self) -> Iterator[Row]:
        for place, (transaction_id, document) in enumerate(self.by_id.items()):
            yield {
                "transaction_id": transaction_id,
                "document_id": document.number,
                "deal_id": self._deal(document),
                "kind": document.kind,
                "dated_on": document.on,
                "posting_sequence": place,
                "source": "example",
                "source_ref": document.number,
                "currency": self._currency(document),
                "reverses_id": document.reverses,
                "settles_id": document.pays,
                **{attribute: getattr(self._origin(document), attribute) for attribute in _TOLD},
                **self._amounts(document),
            }

    def measures(self) -> Iterator[Row]:
        for transaction_id, document in self.by_id.items():
            for measure, number in self._sized(document).measures.items():
                scale = self._minor(document) if self._is_money(measure) else MILLIONTHS
                value = self._signed(document, number.value * scale)
                yield {"transaction_id": transaction_id, "measure": measure, "value": value}

    def attributes(self) -> Iterator[Row]:
        for transaction_id, document in self.by_id.items():
            for attribute, value in self._origin(document).attributes.items():
                yield {"transaction_id": transaction_id, "attribute": attribute, "value": value}

    def participants(self) -> Iterator[Row]:
        known = set()
        for document in self.by_id.values():
            if (document.owners or document.overlays) and self._deal(document) not in known:
                known.add(self._deal(document))
                yield from self._participants_of(document)

    def holds(self, story: StoryExample) -> Iterator[Row]:
        """FactsError if a hold is of a deal or document that the story does not tell of."""
        deals = {document.number: self._deal(document) for document in self.by_id.values()}
        for hold in story.holds:
            deal = deals.get(hold.document) if hold.document else hold.deal
            if deal not in deals.values():
                raise FactsError(f"holds: there is no '{hold.document or hold.deal}'")
            yield {
                "deal_id": deal,
                "document_id": hold.document,
                "from_on": hold.from_on,
                "to_on": None if hold.through is None else hold.through + timedelta(days=1),
                "author": hold.author,
                "reason": hold.reason,
            }

    def deals(self) -> Iterator[Row]:
        by_deal = {self._deal(document): document for document in reversed(self.by_id.values())}
        for deal, document in by_deal.items():
            yield {
                "deal_id": deal,
                "source": "example",
                "ref": deal,
                "name": deal,
                "customer": document.customer,
                "stage": "won",
                "stage_name": "Won",
                "owner_id": next(iter(document.owners), None),
                "expected_on": document.on,
                "currency": self._currency(document),
                "amount_basis": "none",
            }

    def _correct(self, correction: Correction) -> None:
        wrong = self.by_id.get(correction.document)
        if wrong is None:
            raise FactsError(f"corrections: there is no document '{correction.document}'")
        self.by_id[correction.document] = wrong.model_copy(update=correction.corrected)

    def _participants_of(self, document: Document) -> Iterator[Row]:
        for shares, party in ((document.owners, "owner"), (document.overlays, "overlay")):
            for name, share in shares.items():
                if name not in self._people:
                    raise FactsError(f"{document.kind} {document.number}: '{name}' is not among the people")
                yield {
                    "deal_id": self._deal(document),
                    "payee_id": name,
                    "role": document.roles.get(name, party),
                    "share_millionths": rounded(share.value * MILLIONTHS),
                    "is_overlay": party == "overlay",
                }

    def _deal(self, document: Document) -> str:
        named = document.reverses or document.pays
        if document.deal is None and named in self.by_id:
            return self._deal(self.by_id[named])
        return document.deal or document.number

    def _origin(self, document: Document) -> Document:
        """What a return takes back; any other document itself."""
        return self.by_id.get(document.reverses or "", document)

    def _sized(self, document: Document) -> Document:
        """The document that says how much: of a return without amounts what it takes back."""
        says = {"revenue", "margin", "quantity", "measures"} & document.model_fields_set
        return document if says else self._origin(document)

    def _amounts(self, document: Document) -> Row:
        sized, minor = self._sized(document), self._minor(document)
        is_partial = document.kind == "return" and sized is document
        quantity = sized.quantity.value if "quantity" in sized.model_fields_set or not is_partial else Fraction(0)
        margin = None if sized.margin is None else self._signed(document, sized.margin.value * minor)
        return {
            "revenue_minor": self._signed(document, sized.revenue.value * minor),
            "margin_minor": margin,
            "quantity_millionths": self._signed(document, quantity * MILLIONTHS),
        }

    def _signed(self, document: Document, units: Fraction) -> int:
        """A return takes away what is typed."""
        return rounded(-abs(units) if document.kind == "return" else units)

    def _currency(self, document: Document) -> str:
        return document.currency or self._origin(document).currency or self._plan.currency

    def _minor(self, document: Document) -> int:
        return int(10 ** self._exponents[self._currency(document)])

    def _is_money(self, field: str) -> bool:
        return any(kind == "money" for measure in self._plan.measures.values() for kind in _kinds(measure, field))


def _kinds(measure: Measure, field: str) -> Iterator[str | None]:
    if measure.field == field:
        yield measure.kind
    for term in measure.terms:
        if isinstance(term, Measure):
            yield from _kinds(term, field)
