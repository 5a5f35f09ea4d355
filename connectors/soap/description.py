"""How a SOAP service is described: its streams, operations, paths and faults.

Paths are element names joined by points (``searchResult.recordList.record``), attributes with an ``@``. Requests are
templates: nested names and values as the WSDL has them, where a value ``{slot}`` is filled in, or left out with its
name when there is nothing to fill in. ``$type`` names the schema type of an abstract element (``{namespace}name``).
"""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, JsonValue, SecretStr, model_validator

from connectors.protocol import Outcome
from connectors.retrying import RetryPolicy

FOLDER = Path(__file__).parent

Template = Mapping[str, JsonValue]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError) as error:
        raise ValueError(f"{name} is not a time zone; give an IANA name such as Europe/Berlin or UTC") from error
    return name


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Operation(_Part):
    """An operation and the template of its request."""

    operation: str
    request: Template = {}


class Paging(_Part):
    """How the pages after the first are asked for.

    ``index``: the same operation with the next ``{page_index}``. ``search_id``: the operation ``more`` with
    ``{search_id}`` and ``{page_index}``, while the service keeps the result as it was found.
    """

    style: Literal["none", "index", "search_id"] = "none"
    total_pages: str = ""
    total_records: str = ""
    search_id: str = ""
    more: Operation | None = None
    page_size: int = Field(default=200, ge=1, le=5000)

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.style != "none" and not self.total_pages:
            raise ValueError(f"paging by {self.style} needs total_pages, the path to the number of pages")
        if self.style == "search_id" and not (self.search_id and self.more):
            raise ValueError("paging by search_id needs search_id (a path) and more (an operation)")
        return self


class Search(Operation):
    """Records modified from ``{since}`` (included) until ``{until}``, at most ``{page_size}`` a page.

    ``is_ordered``: the service promises the oldest modification first, so that a cursor may advance page by page.
    ``until_step``: the unit of its stamps, where it leaves out those that are exactly ``{until}``; else 0.
    """

    records: str
    is_ordered: bool = False
    until_step: timedelta = timedelta(0)
    paging: Paging = Paging()


class Lookup(Operation):
    """Records by their ``{ids}``, at most ``batch_size`` at a time; with a batch of one also by ``{id}``."""

    records: str
    batch_size: int = Field(default=100, ge=1)


class DeletedFeed(Operation):
    """What was deleted from ``{since}`` until ``{until}``."""

    records: str
    ref: str
    deleted_at: str
    paging: Paging = Paging()


class Write(Operation):
    """Upserts ``{rows}``; ``statuses`` are the service's words for an outcome, ``again`` codes worth another try."""

    results: str
    key: str
    status: str
    ref: str = ""
    code: str = ""
    reason: str = ""
    statuses: Mapping[str, Outcome]
    again: tuple[str, ...] = ()
    batch_size: int = Field(default=100, ge=1)


class StreamDescription(_Part):
    """A stream. ``type`` is the schema type of its records. An id that is not a ``ref_pattern`` is never sent.

    ``ref``, ``version``, ``modified`` and ``created`` are paths within a record, as are ``sums``, the amounts that
    ``reconcile`` adds up.
    """

    type: str
    ref: str
    ref_pattern: str = r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}"
    modified: str
    version: str = ""
    created: str = ""
    search: Search
    lookup: Lookup | None = None
    deleted: DeletedFeed | None = None
    write: Write | None = None
    external_id: str = ""
    sums: tuple[str, ...] = ()
    sweep: tuple[str, ...] = ()


FaultKind = Literal[
    "authentication",
    "session_expired",
    "permission",
    "rate_limited",
    "quota",
    "transient",
    "conflict",
    "invalid_row",
    "schema_drift",
    "protocol",
    "search_expired",
    "feed_gap",
]


class FaultRule(_Part):
    """A fault whose code, text or detail contains ``contains`` means ``kind``; the first rule that fits decides.

    ``retry_after`` is the name of a detail element that holds seconds.
    """

    contains: str
    kind: FaultKind
    retry_after: str = ""


class Failure(_Part):
    """An answer that is no fault but says that the call failed: where it stands, and what it then reads."""

    path: str
    equals: str
    code: str = ""
    message: str = ""


class Login(Operation):
    """Exchanges the credentials for a ``{token}``; ``headers`` are those of the login itself."""

    headers: Template = {}
    token: str


class ServerTime(Operation):
    """Path to the service's clock, for the check of its skew."""

    path: str


class SoapSettings(BaseModel):
    """A SOAP service: where it is, who we are, and its description.

    ``service`` names a description that ships with BonusBridge (``sandbox_erp``) or a YAML file; what is given beside
    it replaces what the description says, ``page_size`` that of every search. ``wsdl`` is a pinned file or an address
    on the host of ``endpoint``, by default ``endpoint?wsdl``. ``credentials`` fill the slots of ``headers``.
    ``time_zone`` is that of instants without an offset. ``ca_file`` holds the certificates to trust instead of the
    public ones. ``safety_horizon`` is how late a change may be committed after its stamp.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    service: str = ""
    endpoint: HttpUrl
    wsdl: HttpUrl | Path | None = None
    binding: str = ""
    credentials: Mapping[str, SecretStr] = {}
    headers: Template = {}
    login: Login | None = None
    server_time: ServerTime | None = None
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    sends_naive_times: bool = False
    faults: tuple[FaultRule, ...] = ()
    failure: Failure | None = None
    streams: Mapping[str, StreamDescription]
    only: tuple[str, ...] = ()
    page_size: int | None = Field(default=None, ge=1, le=5000)
    timeout: timedelta = timedelta(seconds=60)
    ca_file: Path | None = None
    safety_horizon: timedelta = timedelta(minutes=10)
    retry: RetryPolicy = RetryPolicy()

    @model_validator(mode="before")
    @classmethod
    def _with_description(cls, given: object) -> object:
        if not isinstance(given, Mapping) or not given.get("service"):
            return given
        return {**_read_description(str(given["service"])), **given}

    @model_validator(mode="after")
    def _stays_on_its_host(self) -> Self:
        if isinstance(self.wsdl, HttpUrl) and origin(str(self.wsdl)) != origin(str(self.endpoint)):
            raise ValueError("the WSDL is on another host than the endpoint; save it in a file and name that")
        return self


def origin(address: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of an address."""
    parts = urlsplit(address)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or default


def _read_description(service: str) -> Mapping[str, object]:
    shipped = FOLDER / f"{service}.yaml"
    path = shipped if "/" not in service and shipped.exists() else Path(service)
    try:
        description = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except OSError as error:
        raise ValueError(f"no service description {service}: neither shipped nor a file ({error.strerror})") from error
    except yaml.YAMLError as error:
        raise ValueError(f"the service description {service} is not YAML: {error}") from error
    if not isinstance(description, dict):
        message = f"the service description {service} is not a mapping of names to values"
        raise ValueError(message)  # noqa: TRY004 - pydantic reports ValueErrors
    return {name: part for name, part in description.items() if not str(name).startswith("x-")}  # x-: anchors
