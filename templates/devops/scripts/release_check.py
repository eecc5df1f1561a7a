#!/usr/bin/env python3
"""Says whether a repository is ready to be released, and writes the notes of the release.

Compares the version in Cargo.toml, package.json and pyproject.toml with each other, with the last tag
and with the change log; looks for uncommitted changes; sorts the commits since the last tag by their
conventional prefix. Nothing is changed, tagged or sent. Needs only Python 3.9 and git.
"""

import argparse
import json
import os
import re
import subprocess
import sys

# Manifests are short; a longer one is not read to its end.
MAX_BYTES = 1 << 20
VERSION = re.compile(r"^v?(\d+)\.(\d+)(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$")
CONVENTIONAL = re.compile(r"^(\w+)(?:\(([^)]*)\))?(!)?:\s*(.+)$")
HEADINGS = {"feat": "New", "fix": "Fixed", "perf": "Faster", "docs": "Documentation", "revert": "Taken back"}
CHANGE_LOGS = ("CHANGELOG.md", "CHANGELOG", "CHANGES.md", "CHANGES", "HISTORY.md", "NEWS.md", "RELEASES.md")


class ReleaseError(Exception):
    """Something that makes a look impossible."""


def printable(text):
    # Subjects and names come from the repository; they must not speak to the terminal.
    return "".join(c if c.isprintable() else "?" for c in text)


# A repository's own settings must not start a program here: no watcher, hook, verifier or transport.
QUIET = [
    "core.quotepath=off", "core.fsmonitor=false", "core.hooksPath=/dev/null", "log.showSignature=false", "protocol.allow=never",
]


def git(root, *arguments, check=True, settings=()):
    command = ["git", "--no-optional-locks", *(word for setting in [*QUIET, *settings] for word in ("-c", setting)), "-C", root]
    result = subprocess.run(command + list(arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if result.returncode != 0:
        if check:
            raise ReleaseError(result.stderr.decode("utf-8", "replace").strip() or "git failed")
        return None
    return result.stdout.decode("utf-8", "replace")


def without_filters(root):
    """Settings that turn off every filter: a look at what is not committed would run them."""
    names = git(root, "config", "--name-only", "-z", "--get-regexp", r"^filter\..*\.(clean|smudge|process|required)$", check=False) or ""
    settings = []
    for name in sorted(set(filter(None, names.split("\0")))):
        if "=" in name:
            raise ReleaseError(f"`{name}` starts a program and cannot be turned off")
        settings.append(f"{name}=" + ("false" if name.endswith(".required") else ""))
    return settings


def read(root, name):
    path = os.path.join(root, name)
    if os.path.islink(path) or not os.path.isfile(path):
        return None
    with open(path, "rb") as opened:
        return opened.read(MAX_BYTES).decode("utf-8", "replace")


def toml_field(text, tables, field):
    """A text field of the first of these tables that has it. One line each, as these files are written."""
    values, table = {}, ""
    for line in text.splitlines():
        heading = re.match(r"\s*\[([^\[\]]+)\]\s*(?:#.*)?$", line)
        if heading:
            table = heading.group(1).strip()
        elif line.lstrip().startswith("[["):
            table = ""
        found = re.match(rf"\s*{field}\s*=\s*([\"'])(.*?)\1", line)
        if found:
            values.setdefault(table, found.group(2))
    return next((values[table] for table in tables if table in values), None)


def versions(root):
    """The version that each manifest names."""
    found = {}
    text = read(root, "Cargo.toml")
    if text:
        found["Cargo.toml"] = toml_field(text, ("package", "workspace.package"), "version")
    text = read(root, "pyproject.toml")
    if text:
        found["pyproject.toml"] = toml_field(text, ("project", "tool.poetry"), "version")
    text = read(root, "package.json")
    if text:
        try:
            value = json.loads(text)
            found["package.json"] = value.get("version") if isinstance(value, dict) else None
        except ValueError as error:
            raise ReleaseError(f"package.json: {error}") from error
    return {name: version for name, version in found.items() if isinstance(version, str)}


def locked_version(root):
    """The version that Cargo.lock has for this package; none if it does not say."""
    manifest, lock = read(root, "Cargo.toml"), read(root, "Cargo.lock")
    name = toml_field(manifest, ("package",), "name") if manifest else None
    if not name or not lock:
        return None
    found = re.search(rf'\[\[package\]\]\s*\nname = "{re.escape(name)}"\s*\nversion = "([^"]+)"(?!\s*\nsource)', lock)
    return found.group(1) if found else None


def order(version):
    """A key by which semantic versions sort: a pre-release stands before its release."""
    found = VERSION.match(version)
    if not found:
        return None
    numbers = tuple(int(part or 0) for part in found.group(1, 2, 3))
    if not found.group(4):
        return numbers, (1,)
    parts = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in found.group(4).split(".")]
    return numbers, (0, *parts)


def last_tag(root):
    """The nearest tag that is a version, and its commit."""
    described = git(root, "tag", "--merged", "HEAD", "--list", check=False) or ""
    tags = [tag for tag in described.split("\n") if order(tag)]
    return max(tags, key=order) if tags else None


def commits_since(root, tag):
    span = f"{tag}..HEAD" if tag else "HEAD"
    text = git(root, "log", "--no-color", "--no-merges", "-z", "--format=%h%x1f%s%x1f%b", span, "--")
    commits = []
    for record in text.split("\0"):
        parts = record.strip("\n").split("\x1f")
        if len(parts) != 3:
            continue
        commit, subject, body = parts
        found = CONVENTIONAL.match(subject)
        commits.append({
            "commit": commit,
            "kind": found.group(1).lower() if found else None,
            "scope": found.group(2) if found else None,
            "subject": found.group(4) if found else subject,
            "breaking": bool(found and found.group(3)) or bool(re.search(r"^BREAKING[ -]CHANGE:", body, re.M)),
        })
    return commits


def next_version(tag, commits):
    found = VERSION.match(tag) if tag else None
    if not found or not commits:
        return None
    major, minor, patch = (int(part or 0) for part in found.group(1, 2, 3))
    if any(commit["breaking"] for commit in commits):
        # Before 1.0 the second number is the one that breaks.
        return f"0.{minor + 1}.0" if major == 0 else f"{major + 1}.0.0"
    if any(commit["kind"] == "feat" for commit in commits) and major > 0:
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"


def change_log(root, version):
    """The change log's name, and whether it has a heading for that version."""
    name = next((name for name in CHANGE_LOGS if read(root, name) is not None), None)
    if name is None:
        return None, False
    text = read(root, name)
    heading = re.compile(rf"^(?:#+\s*|=+\s*|[-*]\s+)?\[?v?{re.escape(version)}(?![\w.+-]*\w)", re.M | re.I) if version else None
    named = re.compile(rf"^#+\s.*(?<![\w.])v?{re.escape(version)}(?![\w+-]|\.\d)", re.M | re.I) if version else None
    return name, bool(heading and (heading.search(text) or named.search(text)))


def look(root):
    if git(root, "rev-parse", "--is-inside-work-tree", check=False) is None:
        raise ReleaseError("not a git repository")
    if git(root, "rev-parse", "--verify", "--quiet", "HEAD", check=False) is None:
        raise ReleaseError("there is no commit yet")
    found, problems, notes = versions(root), [], []
    distinct = sorted(set(found.values()))
    version = distinct[0] if len(distinct) == 1 else None
    tag = last_tag(root)
    commits = commits_since(root, tag)
    if not found:
        problems.append("no manifest names a version (Cargo.toml, package.json, pyproject.toml)")
    elif version is None:
        problems.append("the manifests disagree: " + ", ".join(f"{name} {value}" for name, value in sorted(found.items())))
    elif order(version) is None:
        problems.append(f"`{version}` is not a semantic version")
    if version and order(version) and tag:
        if commits and order(version) <= order(tag):
            problems.append(f"the version is {version}, and {tag} is tagged already: {len(commits)} commits since")
        elif not commits and order(version) != order(tag):
            problems.append(f"the version is {version}, but nothing was committed since {tag}")
    locked = locked_version(root)
    if locked and "Cargo.toml" in found and locked != found["Cargo.toml"]:
        problems.append(f"Cargo.lock says {locked}, Cargo.toml says {found['Cargo.toml']}")
    log, has_heading = change_log(root, version)
    if log is None:
        problems.append("there is no change log")
    elif version and not has_heading:
        problems.append(f"{log} has no heading for {version}")
    status = git(root, "status", "--porcelain", "-z", "--untracked-files=normal", "--ignore-submodules=all", settings=without_filters(root))
    dirty = len([entry for entry in status.split("\0") if entry])
    if dirty:
        problems.append(f"{dirty} files are not committed")
    if tag is None:
        notes.append("no tag is a version: this would be the first release")
    plain = sum(commit["kind"] is None for commit in commits)
    if plain:
        notes.append(f"{plain} of {len(commits)} commits have no conventional prefix")
    return {
        "version": version, "versions": found, "tag": tag, "commits": commits, "dirty": dirty,
        "changelog": log, "suggested": next_version(tag, commits), "problems": problems, "notes": notes,
    }


def markdown(result):
    """The notes of the release, breaking changes first."""
    lines = [f"## {result['version'] or 'Unreleased'}", ""]
    groups = [("Breaking", [c for c in result["commits"] if c["breaking"]])]
    rest = [commit for commit in result["commits"] if not commit["breaking"]]
    for kind, heading in HEADINGS.items():
        groups.append((heading, [commit for commit in rest if commit["kind"] == kind]))
    groups.append(("Other", [commit for commit in rest if commit["kind"] not in HEADINGS]))
    for heading, commits in groups:
        if commits:
            lines += [f"### {heading}", ""]
            for commit in commits:
                scope = f"**{printable(commit['scope'])}**: " if commit["scope"] else ""
                lines.append(f"- {scope}{printable(commit['subject'])} ({commit['commit']})")
            lines.append("")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(
        description="Says whether a repository is ready to be released.",
        epilog="exit status: 0 ready, 1 not ready, 2 no look possible",
    )
    parser.add_argument("folder", nargs="?", default=".", help="the repository (default: here)")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--notes", action="store_true", help="only the release notes, as Markdown; ends with 0")
    options = parser.parse_args()
    try:
        if not os.path.isdir(options.folder):
            raise ReleaseError(f"{options.folder} is not a folder")
        result = look(options.folder)
    except (ReleaseError, OSError) as error:
        print(printable(f"release_check.py: {error}"), file=sys.stderr)
        return 2
    if options.notes:
        print(markdown(result))
        return 0
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        print(f"version {result['version'] or '?'}, last tag {printable(result['tag'] or 'none')}, {len(result['commits'])} commits since")
        if result["suggested"]:
            print(f"by the commits the next version is {result['suggested']}")
        for word, list_name in (("problem", "problems"), ("note", "notes")):
            for text in result[list_name]:
                print(printable(f"{word}: {text}"))
        print("ready" if not result["problems"] else "not ready")
    return 1 if result["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
