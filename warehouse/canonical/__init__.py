"""Canonical records: what a mapping made of landed versions, how they join into deals, and what it refused."""

from warehouse.canonical.records import drop_other_versions, put, read, read_all, remove, replace, retract

__all__ = ["drop_other_versions", "put", "read", "read_all", "remove", "replace", "retract"]
