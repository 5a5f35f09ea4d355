"""The mapping language: a YAML file that says how a system's source records become canonical records.

    currency: USD                      # of amounts that come without one
    streams:
      Opportunity:
        opportunity:                   # the kind of canonical record
          fields:
            name: Name                 # short for {path: Name}
            stage: {path: StageName, values: {Closed Won: won}, otherwise: open}
            amount: Amount

`docs/mappings.md` describes all of it. A mapping is a pure function: the same payload gives the same records, so a
record that could not be mapped is replayed once the mapping is mended.
"""

from mappings.errors import MappingError, Problem, Unmappable
from mappings.language.loading import SHIPPED, load_mapping, load_shipped
from mappings.language.mapping import Mapped, Mapping

__all__ = ["SHIPPED", "Mapped", "Mapping", "MappingError", "Problem", "Unmappable", "load_mapping", "load_shipped"]
