#!/usr/bin/env python3
"""Keeps an agency's list of defects: one JSON object per line, only ever appended to.

A bug is what its lines add up to: the first opens it, later ones close or reopen it. Several agents
may write at once; a lock on the file puts them in order. Needs only Python 3.8.
"""

import argparse
import datetime
import fcntl
import json
import os
import sys
from pathlib import Path

SEVERITIES = ("critical", "high", "medium", "low")
# The agency's own folder: this script lies in its scripts/.
DEFAULT_FILE = Path(__file__).resolve().parent.parent / "logs" / "bugs.jsonl"


class TrackerError(Exception):
    """Something that a person has to put right."""


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def load(handle):
    """Adds the lines up to bugs, by number."""
    bugs = {}
    handle.seek(0)
    for number, line in enumerate(handle.read().decode("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            bug = bugs.setdefault(int(entry["bug"]), {"bug": int(entry["bug"])})
        except (ValueError, KeyError, TypeError) as error:
            raise TrackerError(f"{handle.name}:{number}: not an entry of this list: {error}") from error
        bug.update({key: value for key, value in entry.items() if key != "at"})
        bug.setdefault("opened_at", entry.get("at"))
        bug["changed_at"] = entry.get("at")
    return bugs


class Tracker:
    """The file, locked as long as it is open."""

    def __init__(self, path, write):
        self.path, self.write = path, write

    def __enter__(self):
        if self.write:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.handle = open(self.path, "a+b")
            fcntl.flock(self.handle, fcntl.LOCK_EX)
        else:
            self.handle = open(self.path if self.path.exists() else os.devnull, "rb")
            fcntl.flock(self.handle, fcntl.LOCK_SH)
        self.bugs = load(self.handle)
        return self

    def __exit__(self, *_):
        self.handle.close()

    def append(self, entry):
        text = json.dumps({"at": now(), **entry}, ensure_ascii=False)
        self.handle.seek(0, os.SEEK_END)
        size = self.handle.tell()
        if size:
            # A line that a crash cut short would swallow this one.
            self.handle.seek(size - 1)
            if self.handle.read(1) != b"\n":
                text = "\n" + text
        self.handle.write(text.encode("utf-8") + b"\n")
        self.handle.flush()
        os.fsync(self.handle.fileno())

    def require(self, name):
        digits = name[4:] if name.upper().startswith("BUG-") else name
        bug = self.bugs.get(int(digits)) if digits.isdigit() else None
        if bug is None:
            raise TrackerError(f"`{name}` is not in the list")
        return bug


def label(bug):
    return f"BUG-{bug['bug']:03}"


def printable(text):
    # What was reported is data; it must not speak to the terminal.
    return "".join(c if c.isprintable() or c in "\n\t" else "?" for c in str(text))


def add(options):
    with Tracker(options.file, write=True) as tracker:
        number = max(tracker.bugs, default=0) + 1
        fields = ("title", "severity", "task", "commit", "steps", "expected", "actual", "owner")
        entry = {"bug": number, "state": "open"}
        entry.update({key: getattr(options, key) for key in fields if getattr(options, key)})
        tracker.append(entry)
    print(label(entry))


def change(state):
    def perform(options):
        with Tracker(options.file, write=True) as tracker:
            bug = tracker.require(options.bug)
            if bug["state"] == state:
                raise TrackerError(f"{label(bug)} is {state} already")
            entry = {"bug": bug["bug"], "state": state, "note": options.note}
            if options.commit:
                entry["commit"] = options.commit
            tracker.append(entry)
        print(label(bug))

    return perform


def listing(options):
    with Tracker(options.file, write=False) as tracker:
        bugs = sorted(tracker.bugs.values(), key=lambda b: (SEVERITIES.index(b["severity"]), b["bug"]))
    if options.open:
        bugs = [bug for bug in bugs if bug["state"] == "open"]
    if options.severity:
        bugs = [bug for bug in bugs if bug["severity"] == options.severity]
    if options.json:
        print(json.dumps(bugs, indent=2, ensure_ascii=False))
        return
    for bug in bugs:
        print(printable(f"{label(bug)}  {bug['state']:<6}  {bug['severity']:<8}  {bug['title']}"))
    if not bugs:
        print("no bugs", file=sys.stderr)


def show(options):
    with Tracker(options.file, write=False) as tracker:
        bug = tracker.require(options.bug)
    if options.json:
        print(json.dumps(bug, indent=2, ensure_ascii=False))
        return
    for key, value in bug.items():
        print(printable(f"{key}: {label(bug) if key == 'bug' else value}"))


def arguments():
    parser = argparse.ArgumentParser(
        description="Keeps this agency's list of defects.",
        epilog="exit status: 0 done, 1 refused, 2 wrong use",
    )
    parser.add_argument("--file", type=Path, default=DEFAULT_FILE, help="the list (default: logs/bugs.jsonl of the agency)")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|list|show|close|reopen")
    verb = verbs.add_parser("add", help="writes a defect down; prints its id")
    verb.add_argument("--title", required=True)
    verb.add_argument("--severity", choices=SEVERITIES, default="medium")
    verb.add_argument("--steps", help="how to make it happen")
    verb.add_argument("--expected", help="what should happen")
    verb.add_argument("--actual", help="what happens")
    verb.add_argument("--task", help="the task it was found in")
    verb.add_argument("--commit", help="the commit it was found on")
    verb.add_argument("--owner", help="who is to fix it")
    verb.set_defaults(perform=add)
    verb = verbs.add_parser("list", help="the worst first")
    verb.add_argument("--open", action="store_true", help="only open ones")
    verb.add_argument("--severity", choices=SEVERITIES)
    verb.add_argument("--json", action="store_true")
    verb.set_defaults(perform=listing)
    verb = verbs.add_parser("show", help="everything about one")
    verb.add_argument("bug", help="BUG-001 or 1")
    verb.add_argument("--json", action="store_true")
    verb.set_defaults(perform=show)
    for name, state, words in (("close", "closed", "what proves that it is gone"), ("reopen", "open", "why it is back")):
        verb = verbs.add_parser(name, help=words)
        verb.add_argument("bug", help="BUG-001 or 1")
        verb.add_argument("--note", required=True, help=words)
        verb.add_argument("--commit", help="the commit that fixed it" if name == "close" else "where it was seen")
        verb.set_defaults(perform=change(state))
    return parser


def main():
    options = arguments().parse_args()
    try:
        options.perform(options)
    except (TrackerError, OSError, UnicodeDecodeError) as error:
        print(f"bug_tracker.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
