"""All tables of the warehouse, whatever topic they belong to."""

from warehouse import landing, results
from warehouse.canonical import deals, rejects
from warehouse.canonical import tables as canonical
from warehouse.database.columns import METADATA

TOPICS = (landing, canonical, rejects, deals, results)
TABLES = METADATA.tables
