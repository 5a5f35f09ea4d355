"""All tables of the warehouse, whatever topic they belong to."""

from warehouse import canonical_tables, deals, landing, rejects, results
from warehouse.columns import METADATA

TOPICS = (landing, canonical_tables, rejects, deals, results)
TABLES = METADATA.tables
