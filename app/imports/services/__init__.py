"""What can be done with a batch, stage by stage; the stages are in ``rules/stages.py``."""
