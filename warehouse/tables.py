"""All tables of the warehouse, whatever topic they belong to."""

from warehouse import canonical_tables, landing
from warehouse.columns import METADATA

TOPICS = (landing, canonical_tables)
TABLES = METADATA.tables
