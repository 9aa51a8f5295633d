"""`python -m bench NAME …|all`: each entry starts servers of its own and prints one line of JSON."""

from __future__ import annotations

import argparse
import subprocess
import sys

ENTRIES = {
    "create": "filing a request over HTTP, against one prepared statement",
    "lists": "lists and search at 10,000 and 1,000,000 requests, against json_agg",
    "growth": "filing and lists at five sizes of the history, against the floor",
    "reports": "figures over a year of 100,000 requests, against one pass of SQL over the same rows",
    "handoff": "from the answer to an offer, against a queue in PostgreSQL and one in Valkey",
    "startup": "the second start of run.py, and what it imports",
    "sla": "due times over ten years of calendar, and 10,000 histories beside a minute-by-minute oracle",
    "kill": "filings while processes are killed at random",
    "disk": "filings while a disk runs full (root only)",
}
SECONDS_AT_MOST = 1200


def main() -> int:
    """Run the entries named, each in a process of its own; the exit code is 1 where one failed."""
    parser = argparse.ArgumentParser(
        prog="run.py bench",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"{name:10}{words}" for name, words in ENTRIES.items()),
    )
    parser.add_argument("name", nargs="*", default="all", choices=[*ENTRIES, "all"])
    asked = parser.parse_args().name
    failed = [name for name in (ENTRIES if "all" in asked else asked) if not _run(name)]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _run(name: str) -> bool:
    try:
        done = subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False, timeout=SECONDS_AT_MOST)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
