"""The performance figures: `python3 run.py bench NAME`, or `all`. What they mean and their last results: README.md."""
