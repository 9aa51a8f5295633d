"""Starting, watching and ending processes: the ground under the two commands.

Standard library only, and nothing here imports Flask or the rest of the application, so that a start costs no
more than the processes it starts.
"""
