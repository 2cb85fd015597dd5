"""The pages of examples/: their links, and that docs/ lists each of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pages import ROOT

EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/README.md"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_links_lead_somewhere(example: Path) -> None:
    targets = re.findall(r"\]\(([^)]+)\)", (example / "README.md").read_text("utf-8"))

    assert targets
    assert [target for target in targets if not (example / target).exists()] == []


def test_the_page_of_examples_has_each_of_them() -> None:
    linked = re.findall(r"\.\./examples/(\w+)/", (ROOT / "docs" / "examples.md").read_text("utf-8"))

    assert sorted(linked) == [example.name for example in EXAMPLES]
    folders = [path for path in (ROOT / "examples").iterdir() if path.is_dir()]
    assert sorted(folders) == EXAMPLES
