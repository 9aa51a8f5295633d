"""What `python3 run.py` becomes: the process tree of one data folder, or a command inside it.

Standard library only but for the web server itself, so that a start costs no more than the processes it starts.
"""
