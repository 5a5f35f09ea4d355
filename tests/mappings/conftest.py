"""Properties are not timed: a machine that is shared makes any example slow now and then."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
