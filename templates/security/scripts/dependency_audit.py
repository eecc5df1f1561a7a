#!/usr/bin/env python3
"""Lists what a project depends on, by its lock files, and says what is wrong with it.

Reads Cargo.lock, package-lock.json, pnpm-lock.yaml, go.sum, poetry.lock, uv.lock and requirements
files. With --advisories it holds every version against a folder of advisories in the OSV format. It
never goes to the network: what is not in that folder is not known. Nothing is executed or changed.
Needs only Python 3.9; git for the list of files where there is one.
"""

import argparse
import itertools
import json
import os
import re
import stat
import subprocess
import sys

# Lock files of large projects have some megabytes.
MAX_BYTES = 32 << 20
# No version is longer, and Python reads no number that is much longer.
MAX_VERSION = 256
# Folders that tools fill, each with what tells that one did: git lists what somebody wrote, a walk has only these.
FILLED_FOLDERS = {
    "target": ("CACHEDIR.TAG",), "node_modules": (".package-lock.json", ".yarn-integrity", ".modules.yaml"),
    "venv": ("pyvenv.cfg",), ".venv": ("pyvenv.cfg",), ".tox": ("CACHEDIR.TAG",), ".mypy_cache": ("CACHEDIR.TAG",),
}


def shown(path):
    """A path as text that can be printed and put into JSON, whatever bytes are in it."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def printable(text):
    # A name comes from the repository; it must not speak to the terminal.
    return "".join(c if c.isprintable() else "?" for c in text)


class Tree:
    """The files of a folder: git's own list where there is one, else every file. Links are never followed."""

    def __init__(self, root, max_bytes=MAX_BYTES):
        self.root, self.max_bytes = root, max_bytes
        self.skipped = {"binary": 0, "large": 0, "link": 0, "unreadable": 0, "folders": []}

    def paths(self):
        listed = self._from_git()
        return sorted(self._walk() if listed is None else listed)

    def _from_git(self):
        # A repository's own settings must not start a program here.
        quiet = ["git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C", self.root]
        command = quiet + ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        try:
            listed = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        except OSError:
            return None
        if listed.returncode != 0:
            return None
        names = {os.fsdecode(name) for name in listed.stdout.split(b"\0") if name}
        return [name for name in names if os.path.lexists(os.path.join(self.root, name))]

    def _walk(self):
        for folder, folders, names in os.walk(self.root, followlinks=False):
            # A link to a folder is an entry of its own, not a way on.
            links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
            folders[:] = [name for name in folders if name != ".git" and name not in links and not self._is_filled(folder, name)]
            for name in names + links:
                yield os.path.relpath(os.path.join(folder, name), self.root)

    def _is_filled(self, folder, name):
        """Whether a tool filled a folder. It is named: whoever wants to hide something can make it look so."""
        full = os.path.join(folder, name)
        if not any(os.path.isfile(os.path.join(full, mark)) for mark in FILLED_FOLDERS.get(name, ())):
            return False
        self.skipped["folders"].append(shown(os.path.relpath(full, self.root)))
        return True

    def read(self, path):
        """A file's text; none if it is no plain text file, which is counted."""
        full, data, reason = os.path.join(self.root, path), b"", None
        try:
            if os.path.islink(full):
                reason = "link"
            else:
                handle = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                with os.fdopen(handle, "rb") as opened:
                    status = os.fstat(opened.fileno())
                    reason = "large" if status.st_size > self.max_bytes else None
                    reason = reason if stat.S_ISREG(status.st_mode) else "unreadable"
                    data = b"" if reason else opened.read()
        except OSError:
            reason = "unreadable"
        reason = "binary" if b"\0" in data[:8192] else reason
        if reason:
            self.skipped[reason] += 1
            return None
        return data.decode("utf-8", "replace")

    def skipped_words(self):
        parts = [f"{count} {word}" for word, count in self.skipped.items() if count and word != "folders"]
        parts += [f"all of {printable(name)}/" for name in sorted(self.skipped["folders"])]
        return f" (skipped: {', '.join(parts)})" if parts else ""


ERROR, WARNING, NOTE = "error", "warning", "note"
RULES = {
    "advisory": ERROR, "http-source": ERROR, "malformed": ERROR, "git-branch": WARNING, "git-source": NOTE,
    "no-integrity": WARNING, "unpinned": WARNING, "duplicate": NOTE,
}


class Report:
    def __init__(self):
        self.packages, self.findings = [], []

    def add(self, rule, path, line, message, severity=None):
        self.findings.append({"severity": severity or RULES[rule], "rule": rule, "file": path, "line": line, "message": message})

    def package(self, path, line, ecosystem, name, version, source, pinned=True, integrity=True):
        # A lock file may say anything: what is no text is no name and no version.
        name = name if isinstance(name, str) else "?"
        version = version if isinstance(version, str) else None
        self.packages.append({"ecosystem": ecosystem, "name": name, "version": version, "source": source, "file": path, "line": line})
        label = f"`{name}` {version or ''}".rstrip()
        if source.startswith("http://"):
            self.add("http-source", path, line, f"{label} comes over plain http")
        if source.startswith(("git+", "git:", "git@")) or source.endswith(".git"):
            if pinned:
                self.add("git-source", path, line, f"{label} comes from git: no registry looks after it")
            else:
                self.add("git-branch", path, line, f"{label} follows a branch, not a commit")
        elif not pinned:
            self.add("unpinned", path, line, f"{label} has no exact version")
        if not integrity:
            self.add("no-integrity", path, line, f"{label} has no digest: nobody notices when it is another one")


def toml_packages(text):
    """The `[[package]]` tables of a lock file: (line, fields). Each field stands on a line of its own there."""
    fields, line, inner = None, 0, False
    for number, row in enumerate(text.splitlines(), 1):
        if re.match(r"\[\[package\]\]\s*$", row):
            if fields is not None:
                yield line, fields
            fields, line, inner = {}, number, False
        elif row.startswith("["):
            # A table of the package is its own, any other ends it.
            inner = True
            if not re.match(r"\[+package\.", row) and fields is not None:
                yield line, fields
                fields = None
        elif fields is not None and not inner:
            found = re.match(r'([\w-]+)\s*=\s*"((?:[^"\\]|\\.)*)"', row)
            raw = re.match(r"([\w-]+)\s*=\s*(.+)", row)
            if found:
                fields.setdefault(found.group(1), found.group(2))
            elif raw:
                fields.setdefault(raw.group(1), raw.group(2))
    if fields is not None:
        yield line, fields


def read_cargo(report, path, text):
    for line, fields in toml_packages(text):
        source = fields.get("source", "")
        pinned = not source.startswith("git+") or "#" in source
        # What has no source lies in this project.
        integrity = not source.startswith(("registry+", "sparse+")) or "checksum" in fields
        report.package(path, line, "crates.io", fields.get("name", "?"), fields.get("version"), source or "path", pinned, integrity)


def read_poetry(report, path, text):
    # The digests of old files stand in a table at the end.
    has_digests = "[metadata.files]" in text
    for line, fields in toml_packages(text):
        files = fields.get("files", "")
        report.package(path, line, "PyPI", fields.get("name", "?"), fields.get("version"), "registry", True, has_digests or bool(files.strip()) and files.strip() != "[]")


def read_uv(report, path, text):
    for line, fields in toml_packages(text):
        source = fields.get("source", "")
        git, url = re.search(r'git\s*=\s*"([^"]+)"', source), re.search(r'(?:url|registry)\s*=\s*"([^"]+)"', source)
        local = re.search(r"(?:editable|virtual|directory|path)\s*=", source)
        address = "git+" + git.group(1) if git else "path" if local else url.group(1) if url else "registry"
        pinned = not git or "#" in git.group(1)
        integrity = bool(git or local) or any(key in fields for key in ("sdist", "wheels"))
        report.package(path, line, "PyPI", fields.get("name", "?"), fields.get("version"), address, pinned, integrity)


def read_npm(report, path, text):
    lock = json.loads(text)
    if not isinstance(lock, dict):
        raise ValueError("not an object")
    if isinstance(lock.get("packages"), dict):
        for place, fields in lock["packages"].items():
            # The empty place is the project itself, a link points into it.
            if place and isinstance(fields, dict) and not fields.get("link") and "node_modules/" in place:
                npm_package(report, path, text, fields.get("name") or place.rpartition("node_modules/")[2], fields)
    else:
        npm_tree(report, path, text, lock.get("dependencies"))


def npm_tree(report, path, text, dependencies):
    for name, fields in dependencies.items() if isinstance(dependencies, dict) else ():
        if isinstance(fields, dict):
            npm_package(report, path, text, name, fields)
            npm_tree(report, path, text, fields.get("dependencies"))


def npm_package(report, path, text, name, fields):
    source = str(fields.get("resolved") or "registry")
    pinned = not source.startswith("git") or "#" in source
    integrity = "integrity" in fields or bool(fields.get("inBundle") or fields.get("bundled")) or source.startswith(("git", "file:"))
    report.package(path, None, "npm", name, fields.get("version"), source, pinned, integrity)


def read_pnpm(report, path, text):
    lines, inside = text.splitlines(), False
    for number, line in enumerate(lines, 1):
        if re.match(r"\S", line):
            inside = line.startswith("packages:")
            continue
        found = re.match(r"  ['\"]?/?(@?[^@'\"()\s]+)[@/](\d[^('\":\s]*)[^:]*:\s*$", line) if inside else None
        if found:
            block = []
            for follower in itertools.islice(lines, number, number + 50):
                if follower.strip() and not follower.startswith("    "):
                    break
                block.append(follower)
            report.package(path, number, "npm", found.group(1), found.group(2), "registry", True, "integrity:" in "\n".join(block))


def read_go(report, path, text):
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        # The second line of each module is only about its go.mod.
        if len(words) == 3 and not words[1].endswith("/go.mod"):
            report.package(path, number, "Go", words[0], words[1].lstrip("v"), "proxy", True, words[2].startswith("h1:"))


def read_requirements(report, path, text):
    joined, start = "", 1
    has_digests = "--hash=" in text
    for number, line in enumerate(text.splitlines(), 1):
        start = start if joined else number
        joined += re.sub(r"(^|\s)#.*$", "", line)
        if joined.rstrip().endswith("\\"):
            joined = joined.rstrip()[:-1] + " "
            continue
        row, joined = joined.strip(), ""
        address = re.search(r"(?:^|@\s*|-e\s+)((?:git\+|https?://)\S+)", row)
        if row and address:
            url = address.group(1)
            name = re.search(r"#egg=([\w.-]+)", url) or re.match(r"([\w.-]+)\s*@", row) or re.search(r"/([\w.-]+?)(?:\.git)?(?:[@#].*)?$", url)
            pinned = bool(re.search(r"@[0-9a-f]{40}\b", url)) if url.startswith("git+") else True
            report.package(path, start, "PyPI", name.group(1) if name else url, None, url, pinned, url.startswith("git+") or "sha256=" in row or "--hash=" in row)
        elif row and not row.startswith("-"):
            found = re.match(r"([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*(?:(===?)\s*([^\s;,]+))?", row)
            if found:
                version = found.group(3) if found.group(3) and "*" not in found.group(3) else None
                report.package(path, start, "PyPI", found.group(1), version, "registry", version is not None, not has_digests or "--hash=" in row)


READERS = {
    "Cargo.lock": read_cargo, "package-lock.json": read_npm, "npm-shrinkwrap.json": read_npm,
    "pnpm-lock.yaml": read_pnpm, "go.sum": read_go, "poetry.lock": read_poetry, "uv.lock": read_uv,
}


def reader_for(path):
    name = os.path.basename(path)
    if re.fullmatch(r"requirements[\w.-]*\.txt", name):
        return read_requirements
    return READERS.get(name)


# --- versions and advisories


def semver_key(version):
    """A key by which semantic versions sort; none if it is not one."""
    if len(version) > MAX_VERSION:
        return None
    found = re.match(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?((?:\.\d+)*)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$", version)
    if not found:
        return None
    numbers = tuple(int(part or 0) for part in found.group(1, 2, 3)) + tuple(int(p) for p in found.group(4).split(".") if p)
    if not found.group(5):
        return numbers, (1,)
    return numbers, (0, *((0, int(part), "") if part.isdigit() else (1, 0, part) for part in found.group(5).split(".")))


def pypi_key(version):
    """A key by which Python's versions sort (PEP 440): dev, alpha, beta, candidate, release, post."""
    if len(version) > MAX_VERSION:
        return None
    found = re.match(
        r"v?(?:(\d+)!)?(\d+(?:\.\d+)*)[-_.]?(?:(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d*))?"
        r"(?:[-_.]?(post|rev|r)[-_.]?(\d*)|-(\d+))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+.*)?$",
        version.strip().lower(),
    )
    if not found:
        return None
    epoch, release, pre, pre_number, post, post_number, bare_post, dev, dev_number = found.groups()
    numbers = [int(part) for part in release.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    after = int(post_number or 0) + 1 if post else int(bare_post) + 1 if bare_post else 0
    if pre:
        stage = ({"a": 1, "b": 2}.get(pre[0], 3), int(pre_number or 0))
    else:
        # A development version without a stage stands before every stage of its release.
        stage = (0, 0) if dev and not after else (4, 0)
    return int(epoch or 0), tuple(numbers), stage, after, (0, int(dev_number or 0)) if dev else (1, 0)


def key_for(ecosystem):
    return pypi_key if ecosystem == "PyPI" else semver_key


def canonical(ecosystem, name):
    return re.sub(r"[-_.]+", "-", name).lower() if ecosystem == "PyPI" else name


def in_range(version, events, key):
    """OSV's own rule: the last event at or before the version decides. `limit` bounds what is looked at."""
    own = key(version)
    if own is None:
        return False
    sorted_events = []
    for event in events:
        for kind in ("introduced", "fixed", "last_affected", "limit"):
            if kind in event:
                at = None if kind == "introduced" and str(event[kind]) == "0" else key(str(event[kind]))
                if at is None and str(event[kind]) != "0":
                    continue
                # At the same version an introduction comes first, so that a fix there wins.
                sorted_events.append((at is not None, at or (), 0 if kind == "introduced" else 1, kind))
    affected = False
    for has_key, at, _, kind in sorted(sorted_events, key=lambda e: (e[0], e[1], e[2])):
        if kind == "introduced" and (not has_key or own >= at):
            affected = True
        elif kind in ("fixed", "limit") and own >= at:
            affected = False
        elif kind == "last_affected" and own > at:
            affected = False
    return affected


def is_affected(package, affected):
    ecosystem = str(affected.get("package", {}).get("ecosystem", "")).partition(":")[0]
    name = str(affected.get("package", {}).get("name", ""))
    if ecosystem != package["ecosystem"] or canonical(ecosystem, name) != canonical(ecosystem, package["name"]):
        return False
    version = package["version"]
    if version in affected.get("versions", ()) or f"v{version}" in affected.get("versions", ()):
        return True
    ranges = [r for r in affected.get("ranges", ()) if r.get("type") in ("SEMVER", "ECOSYSTEM")]
    return any(in_range(version, r.get("events", ()), key_for(ecosystem)) for r in ranges)


def load_advisories(folder):
    """Every advisory below a folder, and how many files were none."""
    advisories, bad = [], 0
    for place, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(names):
            full = os.path.join(place, name)
            if not name.endswith(".json") or os.path.islink(full):
                continue
            try:
                with open(full, encoding="utf-8") as opened:
                    advisory = json.load(opened)
                if not isinstance(advisory["id"], str) or not isinstance(advisory["affected"], list):
                    raise ValueError("not an advisory")
            except (OSError, ValueError, KeyError, TypeError, RecursionError):
                bad += 1
                continue
            if not advisory.get("withdrawn"):
                advisories.append(advisory)
    return advisories, bad


def match_advisories(report, advisories):
    by_name = {}
    for advisory in advisories:
        for affected in advisory["affected"]:
            package = affected.get("package") if isinstance(affected, dict) else None
            if isinstance(package, dict):
                ecosystem = str(package.get("ecosystem", "")).partition(":")[0]
                by_name.setdefault((ecosystem, canonical(ecosystem, str(package.get("name", "")))), []).append((advisory, affected))
    for package in report.packages:
        known = by_name.get((package["ecosystem"], canonical(package["ecosystem"], package["name"])), ())
        told = set()
        for advisory, affected in known if package["version"] else ():
            if advisory["id"] not in told and is_affected(package, affected):
                told.add(advisory["id"])
                fixed = [str(e["fixed"]) for r in affected.get("ranges", ()) for e in r.get("events", ()) if "fixed" in e]
                words = f"`{package['name']}` {package['version']}: {advisory['id']}: {advisory.get('summary') or 'no summary'}"
                report.add("advisory", package["file"], package["line"], words + (f"; fixed in {', '.join(fixed)}" if fixed else ""))


def find_duplicates(report):
    versions = {}
    for package in report.packages:
        versions.setdefault((package["file"], package["ecosystem"], package["name"]), {}).setdefault(package["version"], package["line"])
    for (path, _, name), found in versions.items():
        if len(found) > 1:
            report.add("duplicate", path, min((line for line in found.values() if line), default=None),
                       f"`{name}` is there in {len(found)} versions: {', '.join(sorted(str(v) for v in found))}")


def audit(folder, advisories):
    tree, report, files = Tree(folder, MAX_BYTES), Report(), []
    for path in tree.paths():
        read = reader_for(path)
        text = tree.read(path) if read else None
        if text is None:
            continue
        files.append(shown(path))
        try:
            read(report, shown(path), text)
        except (ValueError, RecursionError, AttributeError, TypeError) as error:
            report.add("malformed", shown(path), None, f"cannot be read: {error}")
    find_duplicates(report)
    match_advisories(report, advisories)
    order = {ERROR: 0, WARNING: 1, NOTE: 2}
    report.findings.sort(key=lambda f: (order[f["severity"]], f["file"], f["line"] or 0, f["rule"]))
    return files, report, tree


def main():
    parser = argparse.ArgumentParser(
        description="Lists a project's dependencies by its lock files, and what is wrong with them.",
        epilog="exit status: 0 no errors, 1 errors, 2 wrong use, 3 there is no lock file",
    )
    parser.add_argument("folder", nargs="?", default=".", help="the project (default: here)")
    parser.add_argument("--advisories", metavar="DIR", help="a folder of advisories in the OSV format (JSON files)")
    parser.add_argument("--list", action="store_true", help="also every package")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output, every package in it")
    options = parser.parse_args()
    for folder in filter(None, (options.folder, options.advisories)):
        if not os.path.isdir(folder):
            print(f"dependency_audit.py: {printable(shown(folder))} is not a folder", file=sys.stderr)
            return 2
    advisories, bad = load_advisories(options.advisories) if options.advisories else ([], 0)
    if bad:
        print(f"dependency_audit.py: {bad} files of the advisories cannot be read", file=sys.stderr)
    files, report, tree = audit(options.folder, advisories)
    if options.json:
        print(json.dumps({
            "files": files, "packages": report.packages, "findings": report.findings,
            "advisories": len(advisories) if options.advisories else None, "skipped": tree.skipped,
        }, indent=2))
    else:
        for package in report.packages if options.list else ():
            print(printable(f"{package['ecosystem']} {package['name']} {package['version'] or '?'} ({package['source']})"))
        for item in report.findings:
            place = item["file"] + (f":{item['line']}" if item["line"] else "")
            print(printable(f"{item['severity']}: {place}: {item['message']} [{item['rule']}]"))
        held = f"held against {len(advisories)} advisories" if options.advisories else "no advisories given: known holes were not looked for"
        print(f"{len(files)} lock files, {len(report.packages)} packages, {len(report.findings)} findings; {held}{tree.skipped_words()}")
    if not files:
        print("dependency_audit.py: no lock file was found", file=sys.stderr)
        return 3
    return 1 if any(item["severity"] == ERROR for item in report.findings) else 0


if __name__ == "__main__":
    sys.exit(main())
