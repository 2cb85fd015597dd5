"""The hydra node, set and chosen in the files: by the primary config, by groups, by experiments."""

from tests.compose.tree import Tree

TREE = Tree(
    __file__,
    lines=(
        "hydra/job_logging=own",
        "hydra/output=flat",
        "hydra/output=dated",
        "+paths=local",
        "+paths=cluster",
        "+experiment=named",
        "+experiment=logged",
        "seed=4",
        "hydra.job.name=over",
        "hydra.job.env_set.SEED=over",
        "hydra.job.env_copy=[]",
        "~hydra.callbacks.one",
    ),
    master=("hydra/output=flat", "hydra/launcher=own", "+experiment=named", "+paths=cluster"),
)
