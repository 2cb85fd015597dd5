"""Keys: exactly those of Hydra's grammar."""

from __future__ import annotations

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hypothesis import example, given
from hypothesis import strategies as st

from params_proto._keys import key_error, strip_prefix

PARTS = st.sampled_from(
    ["lr", "_", "a-b", "$x", "a$", "0", "10", "1_0", "01", "1a", "é", " ", "", "=", "'", "A9"]
)
JOINTS = st.sampled_from([".", "/", "@", ":", "", "+", "~"])
PREFIXES = st.sampled_from(["", "+", "++", "~", "+++", "+~"])


@st.composite
def almost_keys(draw: st.DrawFn) -> str:
    parts = draw(st.lists(st.tuples(PARTS, JOINTS), max_size=3))
    return draw(PREFIXES) + "".join(part + joint for part, joint in parts) + draw(PARTS)


@given(almost_keys() | st.text(max_size=5))
@example("db/engine@pkg.x")
@example("db@")
@example("~@pkg")
@example("a.0.b")
@example("lr\n")
@example("a=b\\")
def test_a_key_is_what_hydra_reads_as_that_key(key: str) -> None:
    try:
        read = OverridesParser.create().parse_override(f"{key}=1").get_key_element() == key
    except HydraException:
        read = False
    # Hydra reads an empty key, but has no use for it.
    named = strip_prefix(key).partition("@")[0] != ""
    assert (key_error(key) is None) == (read and named)
