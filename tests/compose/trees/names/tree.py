"""Job names and places: names, directories and times built from each other."""

from tests.compose.tree import Tree

TREE = Tree(
    __file__,
    lines=(
        "seed=1",
        "lr=0.5",
        "hydra.job.name='${model.name}'",
        "hydra.job.name='${hydra.job.override_dirname}'",
        "hydra.job.name=${not_there}",
        "hydra.job.name=???",
        "hydra.job.name=${turn:}",
        "hydra.job.name=${cached_turn:}",
        "hydra.sweep.subdir='${model.name}/${seed}'",
        "hydra.sweep.subdir='${hydra:runtime.choices.model}'",
        "hydra.job.config.override_dirname.exclude_keys=[lr,model]",
        "hydra.job.config.override_dirname.exclude_keys='${excluded}'",
        "hydra.job.config.override_dirname.kv_sep='${turn:}'",
        "hydra.job.env_copy='${copied}'",
        "hydra.job.env_copy=[TURN,HOME]",
        "+hydra.job.env_set.NAME='${hydra.job.name}'",
        "+hydra.job.env_set={A: '${seed}'}",
        "text=a=b",
        "text='a b,c'",
        "text='${seed}'",
    ),
    master=("hydra.job.name=master", "model=large", "hydra.sweep.subdir='${seed}'", "seed=7"),
)
