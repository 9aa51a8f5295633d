"""Starting, watching and ending processes: the ground under the two commands.

Standard library only, and nothing here imports Flask or the rest of the application.
"""
