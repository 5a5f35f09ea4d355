"""One suite for every connector, run against real or faithful counterparts (see ``counterparts.py``)."""
