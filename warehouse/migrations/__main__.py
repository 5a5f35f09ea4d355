"""``python -m warehouse.migrations "why"`` writes the migration for what was changed in the tables."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from warehouse import migrations
from warehouse.database import open_database

with TemporaryDirectory() as folder:
    engine = open_database(f"sqlite:///{Path(folder) / 'scratch.db'}")
    migrations.upgrade(engine)
    sys.stdout.write(f"{migrations.revise(engine, ' '.join(sys.argv[1:]))}\n")
    engine.dispose()
