"""The pages of the site that are not in docs/, and the links between all of them.

Links are written for GitHub, from file to file of the repository. Here docs/ is the top of the
site, and a link to what is no page of it, such as a script, is only its text.
"""

from __future__ import annotations

import re
from pathlib import Path
from posixpath import dirname, join, normpath, relpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("examples/*/README.md")]
# Where a file of the repository is in the site; README.md at its top would be another index.md.
OUTSIDE = {
    "README.md": "readme.md",
    "CHANGELOG.md": "changelog.md",
    **{file: file for file in EXAMPLES},
}
_FILES = {uri: file for file, uri in OUTSIDE.items()}

_CODE = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(!?\[[^\[\]]+\])\(([^)\s]+)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that are not in docs/."""
    for file, uri in OUTSIDE.items():
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / file)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turns the links of the repository into those of the site."""
    uri = page.file.src_uri
    folder = dirname(_FILES.get(uri, f"docs/{uri}"))

    def linked(found: re.Match[str]) -> str:
        text, target = found.groups()
        if ":" in target or target.startswith("#"):
            return found[0]
        file, hash_, anchor = target.partition("#")
        file = normpath(join(folder, file))
        there = OUTSIDE.get(file, file.removeprefix("docs/"))
        if files.get_file_from_path(there) is None and not file.startswith("docs/"):
            return text[1:-1]
        return f"{text}({relpath(there, dirname(uri) or '.')}{hash_}{anchor})"

    parts = _CODE.split(markdown)
    return "".join([part if part.startswith("```") else _LINK.sub(linked, part) for part in parts])
