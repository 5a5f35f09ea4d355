"""The org: objects, their rows, the clock that stamps them, and what may go wrong on demand."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

from sandbox.faults import Faults
from sandbox.salesforce.credentials import make_credentials
from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.sessions import Sessions
from sandbox.salesforce.store import derived
from sandbox.salesforce.store.formulas import computed
from sandbox.salesforce.store.ids import long_id, make_id
from sandbox.salesforce.store.schema import Field, Row, SObject, parse_field, parse_objects, standard_objects
from sandbox.salesforce.store.table import Table
from sandbox.salesforce.store.values import Value, instant_text, stored

FAULTS = (
    "too_many_requests",  # 429
    "request_limit_exceeded",  # 403, the day's calls are used up
    "unavailable",  # 503 as HTML; `seconds` becomes Retry-After
    "server_error",  # 500 as JSON
    "expired_session",  # 401; the session and its query locators are gone
    "login_page",  # 200 with the HTML of a login page
    "truncated_body",  # the connection closes before Content-Length
    "timeout_after_commit",  # the write happens; the answer comes after `seconds`, or never if 0
    "short_page",  # a query page with one record on it
    "late_commit",  # by object name: SystemModstamp lies `seconds` in the past when the record becomes visible
    "row_locked",  # by object name: UNABLE_TO_LOCK_ROW for one written row
)
_RETENTION = timedelta(days=15)


class Org:
    """An in-memory org; thread-safe. ``now`` is its clock: every commit takes its stamp from it.

    ``batch_sizes`` are the least and the most records of a query page (and the most is the default).
    ``trusts_network``: a password without the security token is enough. ``session_lifetime`` starts at login.
    """

    def __init__(self, now: Callable[[], datetime], *, currency: str = "USD") -> None:
        self.now = now
        self.currency = currency
        self.faults = Faults(FAULTS)
        self.credentials = make_credentials()
        self.sessions = Sessions(now)
        self.batch_sizes = (200, 2000)
        self.trusts_network = False
        self.session_lifetime = timedelta(hours=2)
        self.daily_api_requests = 5_000_000
        self.lock = RLock()
        self.objects = standard_objects()
        self.deletions: dict[str, list[tuple[str, str]]] = {}
        self._forgotten_before = ""
        self._tables = {name: Table(sobject) for name, sobject in self.objects.items()}
        self._journal: list[tuple[str, str, Row | None]] | None = None
        self._numbers = dict.fromkeys(self.objects, 0)
        self._seed()

    # -- what is there

    def table(self, name: str) -> Table:
        return self._tables[name]

    def sobject(self, name: str) -> SObject:
        """The object of this name, whatever its case; NOT_FOUND otherwise."""
        known = self.objects.get(name) or next(
            (o for o in self.objects.values() if o.name.lower() == name.lower()), None
        )
        if known is None:
            raise not_found()
        return known

    def records(self, name: str) -> list[dict[str, Value]]:
        """Copies of the rows that are not deleted, formulas and roll-ups included."""
        sobject = self.objects[name]
        formulas = [field for field in sobject.fields.values() if field.compute]
        with self.lock:
            return [
                row | {f.name: f.compute(self, row) for f in formulas if f.compute} for row in self.table(name).live()
            ]

    # -- the schema

    def define(
        self, name: str, fields: Mapping[str, str | Field], *, label: str = "", prefix: str = "", deletable: bool = True
    ) -> None:
        """Add fields to an object, or change their type, by declarations of ``store.schema``; a new object is made."""
        with self.lock:
            if name not in self.objects:
                self._add_object(name, label or name, prefix or f"a{len(self.objects):02d}", deletable=deletable)
            sobject = self.objects[name]
            for field_name, declared in fields.items():
                field = parse_field(field_name, declared) if isinstance(declared, str) else declared
                earlier = sobject.find(field_name)
                sobject.add(computed(self, sobject, field))
                if earlier and earlier.type != field.type:
                    self._retype(name, field)
            self.table(name).reindex()

    def drop_field(self, name: str, field: str) -> None:
        """Remove a field and its values, as an administrator would in the middle of a client's run."""
        with self.lock:
            self.objects[name].drop(field)
            self.table(name).reindex()

    # -- loading without HTTP

    def insert(self, name: str, rows: Iterable[Mapping[str, object]], *, at: datetime | None = None) -> list[str]:
        """Load rows; returns their ids. Rows may carry their own ``Id``, ``CreatedDate``, ``SystemModstamp``.

        Read-only fields may be given too; references are not checked, so that rows may come in any order.
        """
        with self.lock:
            return [self.create(name, row, at=at, is_load=True) for row in rows]

    def update(self, name: str, rows: Iterable[Mapping[str, object]], *, at: datetime | None = None) -> None:
        """Change rows; each names its ``Id``. SystemModstamp moves to ``at``, or to now."""
        with self.lock:
            for row in rows:
                changes = {field: value for field, value in row.items() if field != "Id"}
                self.change(name, str(row["Id"]), changes, at=at, is_load=True)

    def delete(self, name: str, ids: Iterable[str], *, at: datetime | None = None) -> None:
        """Move rows and what hangs on them to the recycle bin."""
        with self.lock:
            for row_id in ids:
                self.remove(name, row_id, at=at)

    def undelete(self, name: str, ids: Iterable[str], *, at: datetime | None = None) -> None:
        """Bring rows back from the recycle bin: they leave the deleted feed, and their stamp moves."""
        with self.lock:
            for row_id in ids:
                self._stamp(name, self.table(name).rows[row_id] | {"IsDeleted": False}, at)
                self.deletions[name] = [entry for entry in self.deletions.get(name, []) if entry[1] != row_id]

    def purge(self, name: str, ids: Iterable[str], *, at: datetime | None = None) -> None:
        """Delete rows for good: no query finds them any more, only the deleted feed tells of them."""
        with self.lock:
            for row_id in ids:
                if not self.table(name).rows[row_id].get("IsDeleted"):
                    self.remove(name, row_id, at=at)
                self.table(name).drop(row_id)

    def merge(self, name: str, winner: str, losers: Iterable[str], *, at: datetime | None = None) -> None:
        """Merge accounts: what hung on the losers hangs on the winner, the losers are deleted and name it."""
        with self.lock:
            for loser in losers:
                for child, reference in self._references_to(name):
                    for row in list(self.table(child).find(reference.name, loser)):
                        self._stamp(child, row | {reference.name: winner}, at)
                self.put(name, self.table(name).rows[loser] | {"MasterRecordId": winner})
                self.remove(name, loser, at=at)

    def forget_deletions(self, before: datetime) -> None:
        """Empty the deleted feed up to an instant, as Salesforce does after 15 days."""
        with self.lock:
            self._forgotten_before = instant_text(before)
            for name, entries in self.deletions.items():
                self.deletions[name] = [entry for entry in entries if entry[0] >= self._forgotten_before]

    @property
    def earliest_deletion(self) -> str:
        """The instant, as text, from which on the deleted feed is complete."""
        return max(self._forgotten_before, instant_text(self.now() - _RETENTION))

    # -- one row at a time, as every way in writes it

    def create(
        self, name: str, values: Mapping[str, object], *, at: datetime | None = None, is_load: bool = False
    ) -> str:
        """Store one new row and return its id; ApiError says what is wrong with it."""
        sobject = self.objects[name]
        given = self._read(sobject, values, is_load=is_load, is_new=True)
        row = self._blank(sobject) | given
        row["Id"] = given.get("Id") or self._next_id(sobject)
        if row["Id"] in self.table(name).rows:
            raise ApiError("DUPLICATE_VALUE", f"there is a record with id {row['Id']}", fields=["Id"])
        stamp = self._commit_stamp(name, at)
        for field in ("CreatedDate", "LastModifiedDate", "SystemModstamp"):
            row[field] = given.get(field) or given.get("CreatedDate") or stamp
        row["LastModifiedById"] = given.get("LastModifiedById") or row["CreatedById"]
        self._complete(sobject, row, given, stamp, is_load=is_load)
        return str(row["Id"])

    def change(
        self, name: str, row_id: str, values: Mapping[str, object], *, at: datetime | None = None, is_load: bool = False
    ) -> None:
        """Change one row; its stamps move even if no value does."""
        sobject = self.objects[name]
        before = self.live_row(name, row_id)
        given = self._read(sobject, values, is_load=is_load, is_new=False)
        if before.get("HasOpportunityLineItem") and not is_load:
            given.pop("Amount", None)  # the sum of the lines: Salesforce ignores what a client says
        stamp = self._commit_stamp(name, at)
        stamps = {"LastModifiedDate": stamp, "SystemModstamp": stamp, "LastModifiedById": self.user_id}
        self._complete(sobject, before | stamps | given, given, stamp, is_load=is_load)

    def remove(self, name: str, row_id: str, *, at: datetime | None = None) -> None:
        """Move one row, and the rows that cannot live without it, to the recycle bin."""
        row = self.live_row(name, row_id)
        if not self.objects[name].is_deletable:
            raise ApiError("INSUFFICIENT_ACCESS_OR_READONLY", f"entity type cannot be deleted: {name}", status=403)
        for child, reference in self._references_to(name):
            if reference.cascades:
                for hanging in [r for r in self.table(child).find(reference.name, row["Id"]) if not r.get("IsDeleted")]:
                    self.remove(child, str(hanging["Id"]), at=at)
        stamp = self._stamp(name, row | {"IsDeleted": True}, at)
        self.deletions.setdefault(name, []).append((stamp, str(row["Id"])))
        derived.settle(self, name, row, stamp)

    def live_row(self, name: str, row_id: str) -> Row:
        """The row of an id; NOT_FOUND or ENTITY_IS_DELETED otherwise."""
        row = self.table(name).rows.get(long_id(row_id) or "")
        if row is None:
            raise not_found(f"Provided external ID field does not exist or is not accessible: {row_id}")
        if row.get("IsDeleted"):
            raise ApiError("ENTITY_IS_DELETED", "entity is deleted", status=404)
        return row

    def put(self, name: str, row: Row) -> None:
        """Replace a row as it is; inside ``transaction`` the earlier one can come back."""
        if self._journal is not None:
            self._journal.append((name, str(row["Id"]), self.table(name).rows.get(str(row["Id"]))))
        self.table(name).put(row)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Callable[[], None]]:
        """All or nothing: calling what this yields undoes every write made since the block began."""
        with self.lock:
            outer, self._journal = self._journal, []
            deletions = {name: list(entries) for name, entries in self.deletions.items()}

            def roll_back() -> None:
                journal, self._journal = self._journal or [], None
                for name, row_id, before in reversed(journal):
                    if before is None:
                        self.table(name).drop(row_id)
                    else:
                        self.table(name).put(before)
                self.deletions = deletions

            try:
                yield roll_back
            finally:
                self._journal = outer if outer is None or self._journal is None else outer + self._journal

    # -- inside

    def _seed(self) -> None:
        name = {"Name": "BonusBridge Sandbox", "InstanceName": "SB1", "IsSandbox": True}
        more = {
            "OrganizationType": "Developer Edition",
            "DefaultCurrencyIsoCode": self.currency,
            "TimeZoneSidKey": "GMT",
        }
        self.user_id = make_id("005", 1)
        self._numbers["User"] = 1
        user = {
            "Id": self.user_id,
            "Username": self.credentials.username,
            "FirstName": "Integration",
            "LastName": "User",
        }
        self.insert("User", [user | {"Email": self.credentials.username, "Alias": "integ", "TimeZoneSidKey": "GMT"}])
        self.id = self.insert("Organization", [name | more])[0]
        fields = ("MasterLabel", "DefaultProbability", "IsClosed", "IsWon", "ForecastCategoryName")
        stages = [dict(zip(fields, stage, strict=True)) for stage in derived.STAGES]
        self.insert(
            "OpportunityStage", [s | {"ApiName": s["MasterLabel"], "SortOrder": n} for n, s in enumerate(stages, 1)]
        )

    def _add_object(self, name: str, label: str, prefix: str, *, deletable: bool) -> None:
        fields = {"Name": "string(80) name", "OwnerId": "reference(User) as Owner", "CurrencyIsoCode": "picklist(3)"}
        spec: dict[str, object] = {"prefix": prefix, "label": label, "deletable": deletable, "fields": fields}
        self.objects |= parse_objects({name: spec})
        self._tables[name] = Table(self.objects[name])
        self._numbers[name] = 0

    def _retype(self, name: str, field: Field) -> None:
        for row_id, row in self.table(name).rows.items():
            try:
                changed = stored(field, row.get(field.name))
            except ApiError:
                changed = None
            self.table(name).rows[row_id] = row | {field.name: changed}

    def _read(self, sobject: SObject, values: Mapping[str, object], *, is_load: bool, is_new: bool) -> Row:
        given: Row = {}
        for name, value in values.items():
            field = sobject.find(name)
            if field is None:
                given |= self._by_external_id(sobject, name, value)
                continue
            if field.is_calculated or (field.is_read_only and not is_load):
                raise _not_writable(field, is_new=is_new)
            given[field.name] = stored(field, value)
        return given

    def _by_external_id(self, sobject: SObject, name: str, value: object) -> Row:
        reference = sobject.parent(name)
        if reference is None or not isinstance(value, Mapping):
            message = f"No such column '{name}' on sobject of type {sobject.name}"
            raise ApiError("INVALID_FIELD", message)
        key = {field: text for field, text in value.items() if field != "attributes"}
        found = self._one_by(str(reference.reference_to), key)
        return {reference.name: found}

    def _one_by(self, name: str, key: Mapping[str, Any]) -> Value:
        field_name, text = next(iter(key.items()), ("", ""))
        field = self.objects[name].find(field_name)
        if field is None or not field.is_indexed:
            raise ApiError("INVALID_FIELD", f"{field_name} is not an external ID field of {name}")
        found = [
            row["Id"] for row in self.table(name).find(field.name, stored(field, text)) if not row.get("IsDeleted")
        ]
        if len(found) != 1:
            message = f"Foreign key external ID: {text} not found for field {field_name} in entity {name}"
            raise ApiError("INVALID_FIELD", message)
        return found[0]

    def _blank(self, sobject: SObject) -> Row:
        row: Row = {field.name: False if field.type == "boolean" else None for field in sobject.stored}
        row |= {field.name: stored(field, field.default) for field in sobject.stored if field.default}
        for name, value in (
            ("CreatedById", self.user_id),
            ("OwnerId", self.user_id),
            ("CurrencyIsoCode", self.currency),
        ):
            if name in row:
                row[name] = value
        return row

    def _complete(self, sobject: SObject, row: Row, given: Row, stamp: str, *, is_load: bool) -> None:
        derived.fill_in(self, sobject.name, row, frozenset(given))
        self._check(sobject, row, given, is_load=is_load)
        self.put(sobject.name, row)
        derived.settle(self, sobject.name, row, None if is_load else stamp)

    def _check(self, sobject: SObject, row: Row, given: Row, *, is_load: bool) -> None:
        missing = [field.name for field in sobject.stored if field.is_required and row[field.name] is None]
        if missing:
            message = f"Required fields are missing: [{', '.join(missing)}]"
            raise ApiError("REQUIRED_FIELD_MISSING", message, fields=missing)
        for name, value in given.items():
            field = sobject.fields[name]
            if field.is_unique and value is not None:
                self._check_unique(sobject.name, field, row)
            if field.reference_to and value is not None and not is_load:
                self._check_reference(field, str(value))

    def _check_unique(self, name: str, field: Field, row: Row) -> None:
        for other in self.table(name).find(field.name, row[field.name]):
            if other["Id"] != row["Id"] and not other.get("IsDeleted"):
                message = (
                    f"duplicate value found: {field.name} duplicates value on record with id: {str(other['Id'])[:15]}"
                )
                raise ApiError("DUPLICATE_VALUE", message, fields=[])

    def _check_reference(self, field: Field, row_id: str) -> None:
        parent = self.table(str(field.reference_to)).rows.get(row_id)
        if parent is None:
            raise ApiError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=[field.name])
        if parent.get("IsDeleted"):
            raise ApiError("ENTITY_IS_DELETED", "entity is deleted", fields=[field.name])

    def _commit_stamp(self, name: str, at: datetime | None) -> str:
        late = None if at else self.faults.take(name, "late_commit")
        return instant_text(at or self.now() - timedelta(seconds=late.seconds if late else 0))

    def _stamp(self, name: str, row: Row, at: datetime | None) -> str:
        stamp = self._commit_stamp(name, at)
        self.put(name, row | {"SystemModstamp": stamp, "LastModifiedDate": stamp, "LastModifiedById": self.user_id})
        return stamp

    def _references_to(self, name: str) -> list[tuple[str, Field]]:
        return [(o.name, f) for o in self.objects.values() for f in o.stored if f.reference_to == name and f.children]

    def _next_id(self, sobject: SObject) -> str:
        while True:
            self._numbers[sobject.name] += 1
            made = make_id(sobject.prefix, self._numbers[sobject.name])
            if made not in self.table(sobject.name).rows:
                return made


def _not_writable(field: Field, *, is_new: bool) -> ApiError:
    verb = "create" if is_new else "update"
    message = (
        f"Unable to {verb} fields: {field.name}. Please check the security settings of this field and verify that it"
        " is read/write for your profile or permission set."
    )
    return ApiError("INVALID_FIELD_FOR_INSERT_UPDATE", message, fields=[field.name])
