"""Things that are published as numbered versions: the newest is in force, none is ever changed, the next is a draft.

`tables` are the columns, `series` reads and writes them with their conflicts, `shapes` is what the API says of them.
What a version contains, who may change it and what follows from it is of the area that has the thing.
"""
