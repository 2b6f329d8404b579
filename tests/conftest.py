"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# How long an example takes, to be drawn or to be tried, says more about what else the machine does than about what is
# tested. And the same examples every time: a test that fails here fails everywhere.
settings.register_profile(
    "earshot", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True, database=None
)
settings.load_profile("earshot")
