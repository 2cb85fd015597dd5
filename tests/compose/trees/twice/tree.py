"""Files that occur twice, including Hydra's own; keys whose order depends on the choices."""

from tests.compose.tree import Tree

TREE = Tree(
    __file__,
    lines=(
        "first@a=x",
        "first@b=x",
        "+first=x",
        "+hydra/output@mine=default",
        "+hydra/job_logging@logging=default",
        "hydra/job_logging=stdout",
        "hydra/job_logging=twice",
        "hydra/hydra_logging=hydra_debug",
        "+again=one",
        "+again=[one,two]",
        "+again=hydras",
        "~first@a",
        "+order@more=[ab,ba]",
        "+order@more=[ba,ab]",
    ),
    master=("+again=one", "order=ba", "hydra/job_logging=twice"),
)
