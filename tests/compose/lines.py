"""Hypothesis strategies: the overrides of a multirun and of its jobs, most of them valid."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.compose.tree import Tree
from tests.versions import HYDRA_1_3

Strategy = st.SearchStrategy[str]


class Case(NamedTuple):
    """A multirun, or runs one by one where `master` is None."""

    version_base: str  # of Hydra 1.3, which newer versions leave aside
    master: list[str] | None
    jobs: list[list[str]]


OF_A_JOB = (
    "hydra.sweep.subdir=there",
    "hydra.sweep.subdir='${hydra.job.num}-${hydra.job.override_dirname}'",
    "hydra.sweep.dir=out",
    "hydra.run.dir=out",
    "hydra.job.name=named",
    "hydra.job.name='${hydra.job.config_name}'",
    "hydra.job.chdir=true",
    "+hydra.job.env_set.LEFT=1",
    "++hydra.job.env_set.TURN='${hydra.job.name}'",
    "+hydra.job.env_set={LEFT: a, RIGHT: b}",
    "hydra.job.env_copy=[TURN]",
    "hydra.job.env_copy=[TURN, NOT_SET]",
    "hydra.job.config.override_dirname.kv_sep=-",
    "hydra.job.config.override_dirname.item_sep=__",
    "hydra.job.config.override_dirname.exclude_keys=[seed]",
    "hydra.job.config.override_dirname.kv_sep='${hydra.job.config_name}'",
    "hydra.output_subdir=null",
    "hydra.verbose=true",
    "hydra.job_logging.root.level=DEBUG",
    "hydra.callbacks={}",
    "hydra/job_logging=none",
    "hydra/hydra_logging=disabled",
    "hydra/output=default",
    "~hydra.job_logging.handlers.file",
)
ODD_OF_A_JOB = (
    "+hydra.own=1",
    "++hydra.own={a: 1}",
    "hydra.job.id=3",
    "hydra.job.num=3",
    "hydra.job.num=x",
    "hydra.mode=RUN",
    "hydra.mode=WALK",
    "hydra.help.app_name='${hydra.job.name}'",
    "~hydra.help",
    "hydra=null",
    "hydra.job=null",
    "hydra.job={chdir: true}",
    "hydra.runtime.cwd=there",
    "+hydra.runtime.choices.db=other",
    "hydra.overrides.task=[a]",
    "hydra.job.override_dirname=x",
    "hydra.job.config_name=x",
    "hydra.job.env_copy='${hydra.overrides.task}'",
    "hydra.searchpath=[]",
    "hydra.launcher._target_=none",
    "hydra/launcher=none",
    "hydra/job_logging=default",
    "hydra/sweeper=basic",
    "~hydra/output",
)
OF_A_MULTIRUN = (
    *OF_A_JOB[:8],
    "hydra.job.env_copy=[TURN]",
    "hydra.job.config.override_dirname.kv_sep=-",
    "hydra/job_logging=none",
    "hydra/hydra_logging=none",
    "hydra/sweeper=params_proto",
    "hydra/sweeper=params_proto",
    "hydra.verbose=[here]",
    "+hydra.own=${turn:}",
)

WORDS = ("a", "b-c", "red", "RED", "x y", "'1'", "'it\\'s'", '"${seed}"', "''", "é", "a/b", "nul")
PLAIN: tuple[str, ...] = ("null", "true", "0", "-3", "1e-4", "inf", "nan", "???", "1_000", *WORDS)
CALLS = (
    "${turn:}",
    "'${turn:} of ${oc.env:TURN}'",
    "${oc.env:HOME}",
    "${oc.env:NOT_SET,none}",
    "${cached_turn:}",
    "${turn_list:}",
    "${turn_map:}",
    "${oc.create:{a:1}}",
    "${now:%Y}",
    "${not_registered:}",
    "${oc.select:not.there,5}",
    "int('3')",
    "str(3)",
    "float(1)",
    "json_str([1])",
)
MANY = (
    "1,2",
    "choice(a,b)",
    "range(3)",
    "interval(0,1)",
    "glob(*)",
    "extend_list(1,2)",
    "sort(2,1)",
)

plain: Strategy = st.one_of(
    st.sampled_from(PLAIN),
    st.integers(-9, 99).map(str),
    st.floats(allow_nan=False, allow_infinity=False, width=16).map(str),
)


def _nested(inner: Strategy) -> Strategy:
    keys = st.sampled_from(["a", "b", "c.d", "1", "true", "port", "RED"])
    pair = st.tuples(keys, inner).map(": ".join)
    return st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
        st.lists(pair, max_size=2).map(lambda parts: f"{{{', '.join(parts)}}}"),
    )


anything = st.recursive(plain, _nested, max_leaves=4)


def cases(tree: Tree) -> st.SearchStrategy[Case]:
    """Multiruns on a tree, and single runs."""
    job = st.lists(_of_a_job(tree), max_size=4)
    if tree.needs:
        job = st.builds(lambda needed, lines: [needed, *lines], st.sampled_from(tree.needs), job)
    master = st.lists(_of_a_multirun(tree), max_size=2)
    jobs = st.lists(job, min_size=1, max_size=6)
    # As of a sweep: jobs that differ in the last override alone.
    alike = st.builds(_alike, job, st.lists(_of_a_job(tree), min_size=2, max_size=6))
    jobs = jobs | alike
    bases = st.sampled_from(["1.3", "1.3", "1.2", "1.1"] if HYDRA_1_3 else ["1.3"])
    return st.builds(Case, bases, st.none() | master | master | master, jobs)


def _alike(first: Sequence[str], last: Sequence[str]) -> list[list[str]]:
    return [[*first, line] for line in last]


def _of_a_job(tree: Tree) -> Strategy:
    own = st.sampled_from(tree.lines)
    value = _values(tree)
    usual = [own, own, own, _groups(tree), value, value, value, value]
    return st.integers(0, 39).flatmap(
        lambda chance: (
            _odd(tree)
            if chance == 0
            else st.sampled_from(OF_A_JOB)
            if chance < 6
            else st.one_of(*usual)
        )
    )


def _of_a_multirun(tree: Tree) -> Strategy:
    own = [st.sampled_from(tree.master)] if tree.master else []
    return st.one_of(st.sampled_from(OF_A_MULTIRUN), *own, *own, _groups(tree), _values(tree))


def _groups(tree: Tree) -> Strategy:
    """Choices of existing options."""
    groups = tree.groups
    if not groups:
        return st.sampled_from(tree.lines)
    return st.sampled_from([*groups]).flatmap(
        lambda key: st.sampled_from([f"{key}={option}" for option in groups[key]])
    )


def _values(tree: Tree) -> Strategy:
    """Values, mostly of the same type as before."""
    values = tree.values
    if not values:
        return st.sampled_from(tree.lines)
    return st.sampled_from([*values]).flatmap(
        lambda key: (
            st.one_of(*[_of_kind(values[key]).map(f"{key}={{}}".format)] * 5)
            | st.sampled_from([f"{key}=${{{other}}}" for other in values])
            | plain.map(f"++{key}={{}}".format)
        )
    )


def _of_kind(value: Any) -> Strategy:
    if isinstance(value, bool):
        return st.sampled_from(["true", "false"])
    if isinstance(value, int):
        return st.integers(-9, 99).map(str)
    if isinstance(value, float):
        return st.floats(-5, 5).map(str)
    if isinstance(value, Enum):
        return st.sampled_from([one.name for one in type(value)])
    if isinstance(value, dict) and value:
        some = st.lists(st.sampled_from([*value]), max_size=2, unique=True)
        return some.flatmap(lambda keys: st.tuples(*[_entry(key, value[key]) for key in keys])).map(
            lambda entries: f"{{{', '.join(entries)}}}"
        )
    if isinstance(value, list):
        inner = _of_kind(value[0]) if value else plain
        return st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]")
    if value is None:
        return anything
    return st.sampled_from(["text", "'a b'", "7", "w.x"])


def _entry(key: Any, value: Any) -> Strategy:
    return _of_kind(value).map(f"{getattr(key, 'name', key)}: {{}}".format)


def _odd(tree: Tree) -> Strategy:
    """Overrides that are often a mistake, or left to Hydra's own code."""
    keys = st.sampled_from([*tree.values, "not_there", "a.b", "x@y", "hydra"])
    groups = st.sampled_from([*tree.groups, "no_group"])
    begin = st.sampled_from(["", "", "+", "++", "~"])
    return st.one_of(
        st.sampled_from(ODD_OF_A_JOB),
        st.builds("{}{}={}".format, begin, keys, anything),
        st.builds("{}{}={}".format, begin, keys, st.sampled_from([*CALLS, *MANY])),
        st.builds("{}{}.{}={}".format, begin, keys, st.sampled_from(["new", "0", "-1"]), anything),
        st.builds("~{}".format, keys),
        st.builds(
            "{}{}={}".format, begin, groups, st.sampled_from(["no_option", "[]", "1", "{a: 1}"])
        ),
        st.builds("~{}".format, groups),
    )
