"""Switches off Hypothesis' deadlines, because a busy machine is not a failure."""

from hypothesis import HealthCheck, settings

settings.register_profile("longest_duration", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("longest_duration")
