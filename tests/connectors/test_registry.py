"""Kinds of connectors are known by name and imported when they are opened."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from connectors.registry import CONNECTORS, UnknownKindError, open_connector


def clock() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(UnknownKindError, match="crm: no connector of kind 'sap'; there are salesforce, soap, tryton"):
        open_connector("sap", "crm", {}, clock)


def test_a_connector_asks_nothing_before_it_is_used() -> None:
    login = {"flow": "client_credentials", "client_id": "id", "client_secret": "secret"}
    settings = {"instance_url": "https://acme.my.salesforce.com", "login": login}
    connector = open_connector("salesforce", "crm", settings, clock)
    assert connector.source == "crm"
    assert "Opportunity" in connector.streams
    connector.close()


def test_wrong_settings_are_named_without_their_secrets() -> None:
    login = {"flow": "client_credentials", "client_id": "id", "client_secret": "s3cr3t", "colour": "blue"}
    with pytest.raises(ValidationError) as raised:
        open_connector("salesforce", "crm", {"instance_url": "https://acme.example", "login": login}, clock)
    assert "colour" in str(raised.value)
    assert "s3cr3t" not in str(raised.value)


@pytest.mark.parametrize("kind", sorted(CONNECTORS))
def test_every_kind_is_there_and_needs_no_other(kind: str) -> None:
    others = [entry.module for name, entry in CONNECTORS.items() if name != kind]
    entry = CONNECTORS[kind]
    script = (
        f"import importlib, sys; import connectors.registry; module = importlib.import_module({entry.module!r});"
        f"assert module.{entry.connector} and module.{entry.settings};"
        f"assert not set({others!r}) & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)  # noqa: S603 - our own interpreter
