"""Texts from plausible to absurd."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

# What would leave a trace where it is executed; `nowhere_to_be_found` is no module.
CODE = [
    "__import__('os').system('touch executed')", "os.system", "nowhere_to_be_found.attribute",
    "!!python/object/apply:os.system ['touch executed']", "!!python/name:os.system",
    "!!python/module:nowhere_to_be_found", "!!python/object/new:os.system [x]", "eval(1)",
    "{_target_: os.system, command: touch executed}", "nowhere_to_be_found:sweep",
    "cos\nsystem\n(S'touch executed'\ntR.", "${oc.env:HOME}", "${eval:1}", "$(touch executed)",
]  # fmt: skip
LONG_INTEGERS = [
    "9" * 5000, "-" + "1" * 4301, "0x" + "f" * 3000, "1" + "0" * 300, "1_" * 2000 + "0",
]  # fmt: skip
NUMBERS = [
    "0", "-0", "1", "-1", "1.", ".5", "1e999", "-1e999", "1e-999", "NaN", "inf", "-inf", ".nan",
    ".inf", "1_000", "0o17", "017", "0b1", "0xff", "1:30", "1:30:59", "190:20:30.15", "1e5",
    "+3", "9007199254740993", "9223372036854775808", "-9223372036854775809",
    "18446744073709551616", "0.1", "1e308", "5e-324", "-0.0", "1E400", "--1", "1-", "0x", "0b",
    "1:60", "08",
]  # fmt: skip
RANGES = [
    "range(0,1000000000000)", "range(0,10000000000000000000000)", "range(3)", "range(3,0,-1)",
    "range(0,1,0.1)", "range(0,1e12,0.1)", "range(0,5,0)", "range(0,inf)", "range(nan)",
    "range(1000000000000,0,-1)", "range(0,1,1e-300)", "float(range(0,1000000000000))",
    "shuffle(range(0,1000000000000))", "sort(range(0,1000000000000))", "range(0,-1)",
    "tag(t,range(0,1000000000000))", "range(a,b)", "range()", "range(1,2,3,4)", "range(1" * 3,
]  # fmt: skip
PATHS = [
    "..", "../..", "../../x", "/etc/passwd", "a/../../b", "./.", "~/x", "a\\..\\b", "C:\\x",
    "//x",
]  # fmt: skip
ODD = [
    "", " ", "\x00", "a\x00b", "\ud800", "\udfff", "a\udc80b", "\ufeff", "\u2028", "\x85", "\r",
    "\n", "\t", "é", "漢", "🦜", "\u202e", "\x1b[31m", "\x7f", "null", "~", "true", "no", "???",
    "<<", "=", "${", "${}", "${x}", "\\${x}", "\\\\${x}", "${a:${b}}", "${x", "$", "{lr}", "{",
    "}", "{}", "{0}", "*", "&", "*a", "&a", "!", "!!", "!tuple", "!override", "%", "@", "`", "|",
    ">", "-", "- ", "#", "'", '"', "\\", "a'b", "it's", "a,b", "[", "]", "[[", "[]", "{a: 1}",
    "(", ")", ":", "::", ", ",
]  # fmt: skip
DEEP = [
    "[" * 40 + "]" * 40, "{a:" * 40 + "1" + "}" * 40, "[" * 120, "[" * 120 + "]" * 120,
    "[" * 3000,
]  # fmt: skip
LONG = [
    "a" * 200, "x" * 4000, "a." * 200 + "a", "," * 300, "é" * 200, "../" * 100, "\\" * 300,
    "${a}" * 50,
]  # fmt: skip

SNIPPETS: list[str] = [*CODE, *LONG_INTEGERS, *NUMBERS, *RANGES, *PATHS, *ODD, *DEEP, *LONG]
KEYS = [
    "lr", "seed", "model.lr", "layers.0", "db", "db/engine", "db@pkg", "+new", "++x", "name",
    "a", "opts.b", "hydra.sweep.dir", "hydra/launcher", "_target_", "__class__", "~gone", "b",
    "c",
]  # fmt: skip

snippets = st.sampled_from(SNIPPETS)
short = st.one_of(
    st.text(max_size=6),
    st.text(st.characters(), max_size=4),  # also half a surrogate pair
    st.text(st.sampled_from("ab01.,:=|/$?*@%+-()[]{}#&!<>~\"'\\ \t\n\x00\ud800é"), max_size=8),
)
words = st.one_of(snippets, snippets, short)


def mostly(fine: Sequence[str], odd: Sequence[str] = SNIPPETS) -> st.SearchStrategy[str]:
    """One of some texts, seven times in eight: if one in an input is odd, the others should not be.

    Args:
        fine: the texts.
        odd: those of the eighth time.
    """
    return st.sampled_from([*fine] * (7 * len(odd) // len(fine) + 1) + [*odd])


keys = mostly(KEYS)

_EDITS = st.lists(
    st.tuples(st.integers(0, 2**16), st.sampled_from(["in", "over", "cut", "twice"]), words),
    min_size=1,
    max_size=2,
)


def mutated(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Texts with changes in a few places."""
    return st.builds(_edited, texts, _EDITS)


def _edited(text: str, edits: Sequence[tuple[int, str, str]]) -> str:
    for place, how, snippet in edits:
        at = place % (len(text) + 1)
        if how == "in":
            text = text[:at] + snippet + text[at:]
        elif how == "over":
            text = text[:at] + snippet + text[at + len(snippet) :]
        elif how == "cut":
            text = text[:at] + text[at + 1 + len(snippet) % 5 :]
        else:
            text = text[:at] + text[max(at - 20, 0) :]
    return text


def as_bytes(texts: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    """The bytes of texts, valid or not."""
    return texts.map(lambda text: text.encode("utf-8", "surrogatepass"))
