"""How many configs are composed both ways."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--configs", type=int, default=300, help="configs to compose both ways")


@pytest.fixture
def configs(request: pytest.FixtureRequest) -> int:
    return request.config.getoption("--configs")
