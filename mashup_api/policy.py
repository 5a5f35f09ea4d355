"""Who may see what. Every route asks here; nothing else decides.

A payee sees their own pay; a manager that of the people below on that date, through any number of levels; an
administrator everything. A deal is visible to those who may see at least one of its payees. What is not visible does
not exist.
"""

from dataclasses import dataclass
from datetime import date

from mashup_api.problems import Problem, not_found
from mashup_api.tokens import Claims
from warehouse import access
from warehouse.reader import Reader


@dataclass(frozen=True, slots=True)
class Payee:
    """A person who can be paid, by the id that estimates use."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. One person may have a record in several systems, hence several ``payees``."""

    payees: tuple[Payee, ...]
    is_administrator: bool
    deal_id: str | None

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(payee.id for payee in self.payees)


class Policy:
    """Answers from the warehouse as it is now: a reorganisation or a leaver counts from the next request on."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def caller(self, claims: Claims) -> Caller:
        """The person behind a token; 403 if nobody active here has its e-mail address."""
        payees: tuple[Payee, ...] = ()
        if claims.email is not None:
            rows = await self._reader.rows(access.EMPLOYEES_BY_EMAIL, {"email": claims.email})
            payees = tuple(Payee(*row) for row in rows)
        if not payees and not claims.is_administrator:
            raise _unknown_person()
        return Caller(payees, claims.is_administrator, claims.deal_id)

    async def payees_of(self, caller: Caller, deal_id: str, on: date) -> tuple[Payee, ...]:
        """Those payees of the deal whom the caller may see; 404 if the deal is not visible.

        An administrator sees every deal that exists, even one that nobody owns.
        """
        rows = await self._reader.rows(access.PEOPLE_OF_DEAL, {"deal_id": deal_id})
        people = tuple(Payee(payee_id, name or payee_id) for payee_id, name in rows)
        visible = await self._visible(caller, people, on)
        is_hidden = not visible and not (caller.is_administrator and await self._exists(deal_id))
        if is_hidden or caller.deal_id not in (None, deal_id):
            raise not_found()
        return visible

    async def _visible(self, caller: Caller, people: tuple[Payee, ...], on: date) -> tuple[Payee, ...]:
        if caller.is_administrator or (people and caller.ids.issuperset(payee.id for payee in people)):
            return people
        # Also asked where there are no people, so that a hidden deal and one that does not exist take as long.
        seen = set(caller.ids)
        for payee in caller.payees:
            below = await self._reader.rows(access.PEOPLE_BELOW, {"payee_id": payee.id, "on": on})
            seen.update(row[0] for row in below)
        return tuple(payee for payee in people if payee.id in seen)

    async def _exists(self, deal_id: str) -> bool:
        return bool(await self._reader.rows(access.DEAL_EXISTS, {"deal_id": deal_id}))


def subject(caller: Caller, visible: tuple[Payee, ...], wanted: str | None) -> Payee | None:
    """Whose pay is meant: ``wanted`` (404 if not visible), else the caller's own; None if that is nobody."""
    if wanted is None:
        return next((payee for payee in visible if payee.id in caller.ids), None)
    found = next((payee for payee in visible if payee.id == wanted), None)
    if found is None:
        raise not_found()
    return found


def _unknown_person() -> Problem:
    return Problem(
        403,
        "unknown-person",
        "We do not know you yet",
        "The token is good, but no active employee has its verified e-mail address.",
        "Ask your administrator to check your e-mail address in the source systems.",
    )
