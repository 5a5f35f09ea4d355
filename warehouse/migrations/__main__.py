"""``python -m warehouse.migrations "why"`` writes the migration for what was changed in the tables."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from warehouse import migrations
from warehouse.database import open_database

why = " ".join(sys.argv[1:])
if not why or why.startswith("-"):
    sys.exit('say why the tables changed: python -m warehouse.migrations "a deal has a channel"')
with TemporaryDirectory() as folder:
    engine = open_database(f"sqlite:///{Path(folder) / 'scratch.db'}")
    migrations.upgrade(engine)
    sys.stdout.write(f"{migrations.revise(engine, why)}\n")
    engine.dispose()
