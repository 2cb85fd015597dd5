"""Keys and options spelt oddly: dots, dashes, accents, numbers, words of YAML."""

from tests.compose.tree import Tree

TREE = Tree(
    __file__,
    lines=(
        "kind=a.b",
        "kind=a-b",
        "kind='true'",
        "kind=null_",
        "+kind@x-y.z=a-b",
        "+kind@0=a-b",
        "keys.a-b=2",
        "keys.x:y=2",
        "keys.$x=2",
        "keys.a\\.b=2",
        "keys.sp ace=2",
        "keys={0: 5}",
        "keys={a-b: 5}",
        "keys={true: 5}",
        "keys={x:y}",
        "+keys.new-one=1",
        "~keys.0",
        "~keys.a-b",
        "~keys",
        "text='${keys.a-b}'",
        "text='$'",
        "text=\\${x}",
        "text='\\\\${keys.0}'",
        'text="it\'s"',
        "text=a\\,b",
        "text='\\n'",
        "text= spaced ",
        "text=🦜",
        "text=",
    ),
    master=("kind=a.b", "text='a,b'"),
)
