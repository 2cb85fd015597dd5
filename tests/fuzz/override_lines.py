"""Override lines for `Sweep.from_overrides` and the command line."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from params_proto import Sweep
from params_proto.algebra.expression import Expression
from params_proto.multirun import request
from params_proto.multirun.plan import combine_with_command_line
from tests.compose.loaders import write
from tests.fuzz.promises import Kind
from tests.fuzz.texts import KEYS, RANGES, mostly, mutated, words
from tests.fuzz.uses import use
from tests.multirun.command_lines import lines as grammatical

_FINE = [
    "1", "1,2", "a,b", "[1,2]", "{a:1}", "[1,2],[3]", "choice(a,b)", "range(0,4)", "sort(3,1)",
    "'a b'", '"it"', "null", "true,false", "1e-3,1e-4", "tag(t,choice(1,2))", "int(1.5)", "${x}",
    "shuffle(1,2,3)", "range(0,1,0.5)", "glob(*)", "glob([s*,l*],exclude=x)", "{a:[1,{b:c}]}",
    *RANGES,
]  # fmt: skip
_CALLS = ["choice({})", "sort({},reverse=true)", "int({})", "str({})", "[{}]", "{{a:{}}}", "'{}'"]
_values = st.one_of(
    mostly(_FINE),
    st.lists(mostly(_FINE), min_size=1, max_size=3).map(",".join),
    st.builds(str.format, st.sampled_from(_CALLS), mostly(_FINE)),
)
_lines = st.builds("{}={}".format, mostly(KEYS), _values)
_one = st.one_of(_lines, _lines, _lines, grammatical, mutated(_lines), words)
_several = st.one_of(_one.map(lambda line: [line]), st.lists(_one, max_size=3))


def _call(lines: list[str], directory: Path) -> None:
    options = ("db/small", "db/large", "model/small")
    groups = write(directory / "groups", dict.fromkeys(options, ""))
    jobs = combine_with_command_line(
        Expression(), (), request.read_overrides(lines), [], _is_group
    ).jobs()
    for job, _ in zip(jobs, range(3), strict=False):
        request.read_overrides(job.overrides)
    use(Sweep.from_overrides(lines, config_dir=groups))


def _is_group(key: str) -> bool:
    return key.partition("@")[0] in ("db", "model")


KIND = Kind("overrides", _several, _call)
