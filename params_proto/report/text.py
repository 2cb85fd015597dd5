"""Values and messages as a page shows them, and as it can hold them."""

from __future__ import annotations

import html
import json
import re
from typing import Any

from params_proto._text import cell

LONGEST = 200  # characters of a value
# What HTML cannot hold: control characters, halves of surrogate pairs, and what is no character.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def told(value: Any) -> str:
    """A value as text, cut where it is long.

    Args:
        value: of JSON.

    >>> told("adam"), told([64, 32]), told(0.1), told(None)
    ('adam', '[64, 32]', '0.1', 'null')
    """
    text = cell(value)
    return fit(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…")


def fit(text: str) -> str:
    r"""A text with a mark in place of each character that no page can hold.

    >>> fit("a\0b\n")
    'a\ufffdb\n'
    """
    return _UNFIT.sub("\ufffd", text.replace("\r\n", "\n"))


def escaped(text: str) -> str:
    """A text as a page's markup says it.

    >>> escaped("<b> & 'c'")
    '&lt;b&gt; &amp; &#x27;c&#x27;'
    """
    return html.escape(fit(text))


def embedded(value: Any) -> str:
    r"""A value as JSON that cannot end the script it stands in, whatever its texts hold.

    Source: the HTML standard, "Restrictions for contents of script elements".

    Args:
        value: of JSON, without NaN and the infinities.

    >>> print(embedded(["</script>", "a&b"]))
    ["\u003c/script\u003e","a\u0026b"]
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return re.sub("[<>&]", lambda found: f"\\u{ord(found[0]):04x}", text)
