"""All tables of the warehouse, whatever topic they belong to."""

from warehouse import landing
from warehouse.columns import METADATA

TOPICS = (landing,)
TABLES = METADATA.tables
