"""The kinds of systems that can be connected. A new one is a line here, its module, and its mapping file."""

import importlib
import time
from collections.abc import Mapping
from typing import NamedTuple

from connectors.protocol import Connector
from connectors.retrying import Clock, Sleep


class Kind(NamedTuple):
    """Where a kind's settings model and connector class are; imported when it is first opened."""

    module: str
    settings: str
    connector: str


CONNECTORS: dict[str, Kind] = {
    "salesforce": Kind("connectors.salesforce", "SalesforceSettings", "SalesforceConnector"),
    "soap": Kind("connectors.soap", "SoapSettings", "SoapConnector"),
    "tryton": Kind("connectors.tryton", "TrytonSettings", "TrytonConnector"),
}


class UnknownKindError(ValueError):
    """The configuration names a kind of system that there is no connector for."""


def open_connector(
    kind: str, source: str, settings: Mapping[str, object], clock: Clock, *, sleep: Sleep = time.sleep
) -> Connector:
    """The connector of ``kind`` for the system that is called ``source``; it connects when it is first asked.

    Raises UnknownKindError, pydantic's ValidationError for settings that are wrong (without their values), and
    ValueError for settings that contradict each other.
    """
    if kind not in CONNECTORS:
        raise UnknownKindError(f"{source}: no connector of kind {kind!r}; there are {', '.join(sorted(CONNECTORS))}")
    entry = CONNECTORS[kind]
    module = importlib.import_module(entry.module)
    validated = getattr(module, entry.settings).model_validate(settings)
    connector: Connector = getattr(module, entry.connector)(source, validated, clock, sleep=sleep)
    return connector
