"""What is configured about a Salesforce org: where it is, how to log in, and which streams are read."""

import ipaddress
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.retrying import RetryPolicy
from connectors.salesforce.soql import FIELD_PATH, NAME

Name = Annotated[str, Field(pattern=NAME)]
FieldPath = Annotated[str, Field(pattern=FIELD_PATH)]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("give the whole address, such as https://acme.my.salesforce.com")
    if parts.username is not None or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("give only scheme, host and port")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("tokens are sent over plain http to a loopback address only; use https")
    return f"{parts.scheme}://{parts.netloc}"


BaseUrl = Annotated[str, AfterValidator(_check_base_url)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClientCredentials(_Strict):
    """The OAuth 2.0 client credentials flow: an external client app that runs as a user of its own."""

    flow: Literal["client_credentials"]
    client_id: str
    client_secret: SecretStr


class JwtBearer(_Strict):
    """The OAuth 2.0 JWT bearer flow: a certificate instead of a secret. ``private_key`` is PEM text.

    ``audience`` is https://login.salesforce.com, or https://test.salesforce.com for a sandbox org.
    """

    flow: Literal["jwt_bearer"]
    client_id: str
    username: str
    private_key: SecretStr
    audience: str = "https://login.salesforce.com"


class Password(_Strict):
    """Username and password: by OAuth 2.0 if a client is given, else by the SOAP login call."""

    flow: Literal["password"]
    username: str
    password: SecretStr
    security_token: SecretStr = SecretStr("")
    client_id: str | None = None
    client_secret: SecretStr | None = None

    @model_validator(mode="after")
    def _client_is_whole(self) -> Self:
        if (self.client_id is None) != (self.client_secret is None):
            raise ValueError("give client_id and client_secret, or neither")
        return self


class ChildSettings(_Strict):
    """Records read with their parent as a sub-query, e.g. ``OpportunityLineItems`` of an Opportunity.

    ``relationship`` is the sub-query's name, ``sobject`` its type, ``parent_field`` the child's look-up field and
    ``parent_path`` the same look-up as a relationship (``Opportunity``).
    """

    relationship: Name
    sobject: Name
    parent_field: Name
    parent_path: Name
    fields: tuple[FieldPath, ...]


class StreamSettings(_Strict):
    """An object that is read: its fields, its children, and the amounts that ``reconcile`` sums."""

    fields: tuple[FieldPath, ...]
    children: tuple[ChildSettings, ...] = ()
    sums: tuple[Name, ...] = ()


class StreamChange(_Strict):
    """What an org has on top of the defaults: ``add`` further fields, ``omit`` those that it lacks."""

    add: tuple[FieldPath, ...] = ()
    omit: frozenset[FieldPath] = frozenset()
    omit_children: frozenset[Name] = frozenset()
    add_to_children: dict[Name, tuple[FieldPath, ...]] = {}


class SalesforceSettings(_Strict):
    """Times are in seconds.

    ``instance_url`` is the org's My Domain address; log-in and every call go there and nowhere else. ``streams``
    chooses among the default streams (all, if empty); ``changes`` fits them to the org; ``custom_streams`` adds
    objects of one's own. ``omit_fields`` are left out everywhere (an org with a single currency has no
    ``CurrencyIsoCode``). ``write_parents`` names the look-up by which written rows are sorted, against row locks.
    """

    instance_url: BaseUrl
    login: Annotated[ClientCredentials | JwtBearer | Password, Field(discriminator="flow")]
    api_version: Annotated[str, Field(pattern=r"^\d{2,3}\.0$")] = "62.0"
    ca_file: Path | None = None
    proxy: SecretStr | None = None
    connect_timeout: Annotated[float, Field(gt=0, le=300)] = 10
    read_timeout: Annotated[float, Field(gt=0, le=3600)] = 120
    retry: RetryPolicy = RetryPolicy()
    safety_horizon: Annotated[float, Field(ge=0, le=86_400)] = 600
    page_size: Annotated[int, Field(ge=200, le=2000)] = 2000
    streams: tuple[Name, ...] = ()
    changes: dict[Name, StreamChange] = {}
    custom_streams: dict[Name, StreamSettings] = {}
    omit_fields: frozenset[Name] = frozenset()
    write_parents: dict[Name, Name] = {"Opportunity": "AccountId"}

    @property
    def horizon(self) -> timedelta:
        return timedelta(seconds=self.safety_horizon)
