"""What holds for all tests: none of them is timed, since machines are shared."""

from hypothesis import settings

settings.register_profile("digitdrop", deadline=None)
settings.load_profile("digitdrop")
