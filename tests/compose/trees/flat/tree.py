"""One file of plain values: every kind of YAML's, odd keys, lists in lists."""

from tests.compose.tree import Tree

TREE = Tree(
    __file__,
    lines=(
        "seed=3",
        "lr=1e-3",
        "name=other",
        "list.0=9",
        "list.-1=9",
        "list.9=9",
        "+list.2=9",
        "++list=[1]",
        "~list.0",
        "nested.list.1.a=2",
        "nested.list={a: 1}",
        "nested=null",
        "nested={list: [1]}",
        "++nested.new.deep=1",
        "+new={a: {b: [1, {c: null}]}}",
        "~nested",
        "~nested.list",
        "~seed=0",
        "~seed=1",
        "opts.1=one",
        "opts.true=yes",
        "opts.2.5=x",
        "+opts.3=x",
        "missing=1",
        "missing=???",
        "a-b=1",
        "dotted.x.y=1",
    ),
    master=("seed=5", "+new=1", "lr=1,2"),
)
