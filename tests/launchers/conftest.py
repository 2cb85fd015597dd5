"""Keeps Ray from using the network and writing to the home directory."""

from __future__ import annotations

import pytest


@pytest.fixture
def quiet_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_ADDRESS", "local")  # never a cluster that happens to run here
