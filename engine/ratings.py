"""Ratings: stars that the producer gives to sounds."""

from __future__ import annotations

HIGHEST_RATING = 5
"""0 is no rating."""
