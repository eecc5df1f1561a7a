#!/usr/bin/env python3
"""Finds secrets in a project's files and, if asked, in its history.

Knows the shapes of common tokens, checks the checksum of those that have one, and measures how random
a value is that is assigned to a password or a key. What it prints is redacted: the report must not
spread what it found. A shape that nobody taught it is not found. Nothing is executed or changed.
Needs only Python 3.9; git for the list of files and the history.
"""

import argparse
import base64
import binascii
import fnmatch
import hashlib
import json
import math
import os
import re
import stat
import subprocess
import sys
import zlib

# Sources are smaller; what is larger was generated, and is counted as skipped.
MAX_BYTES = 2 << 20
# A minified line is looked at to here.
MAX_LINE = 20_000
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


HIGH, LOW = "high", "low"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ALLOW_FILE = ".secret-allow"
INLINE = re.compile(r"secret-scan:\s*allow\s+\S")


def crc_in_base62(token):
    """GitHub and npm: six digits of base 62 at the end are the CRC-32 of the thirty before them."""
    body = token.rpartition("_")[2]
    number, digits = zlib.crc32(body[:-6].encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return digits == body[-6:]


def is_jwt(token):
    """The first part of a JSON web token is an object that names its algorithm."""
    try:
        part = token.split(".")[0]
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error):
        return False
    return isinstance(header, dict) and "alg" in header and header["alg"] != "none"


def is_random_key(token):
    return entropy(token.partition("_")[2] or token) >= 3.0


# Name, what it is, shape, and what tells a real one from one that only looks so.
SHAPES = [
    ("aws-key", "an AWS access key", r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b", lambda t: "EXAMPLE" not in t),
    ("github-token", "a GitHub token", r"\bgh[pousr]_[A-Za-z0-9]{36}\b", crc_in_base62),
    ("github-fine-token", "a GitHub token", r"\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b", is_random_key),
    ("npm-token", "an npm token", r"\bnpm_[A-Za-z0-9]{36}\b", crc_in_base62),
    ("gitlab-token", "a GitLab token", r"\bgl(?:pat|dt|rt|ptt)-[A-Za-z0-9_-]{20,}", is_random_key),
    ("slack-token", "a Slack token", r"\bxox[abeprs]-[0-9A-Za-z-]{20,}", is_random_key),
    ("slack-hook", "a Slack web hook", r"https://hooks\.slack\.com/services/T\w{8,}/B\w{8,}/\w{20,}", is_random_key),
    ("stripe-key", "a Stripe live key", r"\b[rs]k_live_[0-9A-Za-z]{20,}", is_random_key),
    ("google-key", "a Google API key", r"\bAIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])", is_random_key),
    ("pypi-token", "a PyPI token", r"\bpypi-AgE[A-Za-z0-9_-]{60,}", None),
    ("crates-token", "a crates.io token", r"\bcio[A-Za-z0-9]{32}\b", is_random_key),
    ("model-key", "a model provider's key", r"\bsk-(?:ant-[a-z0-9]+-|proj-)?[A-Za-z0-9_-]{32,}", is_random_key),
    ("age-key", "an age secret key", r"\bAGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}\b", None),
    ("jwt", "a JSON web token", r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}", is_jwt),
]
SHAPES = [(rule, what, re.compile(shape), real) for rule, what, shape, real in SHAPES]
KEY_BEGIN = re.compile(r"-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?)-----")
# The shortest private key there is (Ed25519) has a line of 64.
KEY_BODY = re.compile(r"(?<![\w+/-])[A-Za-z0-9+/]{40,}={0,2}")
ASSIGNED = re.compile(
    r"""(?ix)(?<![\w.-])([\w.-]{0,60}?(?:password|passwd|pwd|secret|api_?-?key|access_?-?key|auth_?-?token|private_?-?key|token)[\w-]{0,60})
    ["']?\s*(?::=|=>|[:=])\s*(["'])([^"'\s]{8,200})\2"""
)
# In settings a value needs no quotes.
SETTING = re.compile(r"(?i)^\s*(?:export\s+)?([\w.-]{0,60}?(?:password|passwd|secret|api_?key|access_?key|token)[\w-]{0,60})\s*[=:]\s*([^\s\"'#$<{][^\s\"']{11,199})\s*(?:\s#.*)?$")
SETTINGS_FILES = (".env", ".ini", ".cfg", ".conf", ".properties", ".envrc")
URL_PASSWORD = re.compile(r"\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@'\"<>]{1,200}:([^\s/@'\"<>]{4,200})@[\w.-]+", re.I)
PLACEHOLDER = re.compile(r"(?i)example|placeholder|change-?_?me|dummy|sample|your[-_]|my[-_]?secret|x{4,}|\*{3,}|\.{3}|^<|^\$|^%|\{\{|\}|^(?:pass|secret|token)(?:word)?\d*$")
LOCKS = re.compile(r"(?:^|/)(?:[\w.-]+\.lock|package-lock\.json|go\.sum|pnpm-lock\.yaml|yarn\.lock)$")


class AllowError(Exception):
    """The allow list cannot be read."""


def entropy(text):
    """Bits per character: words have some 2.5, random base 64 above 4."""
    if not text:
        return 0.0
    counts = {character: text.count(character) for character in set(text)}
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())


def is_random(value):
    if PLACEHOLDER.search(value) or re.fullmatch(r"[a-z]+(?:[-_. ][a-z]+)*", value, re.I):
        return False
    # A call, a path or a variable is where the value comes from, not the value.
    if re.search(r"[()\[\]]|::|^[./~]|^https?:|^[A-Z_]+$|^[a-z]+(?:[A-Z][a-z]+)+$|^\w+(?:\.[a-z_]\w*)+$", value):
        return False
    kinds = sum(bool(re.search(shape, value)) for shape in (r"[a-z]", r"[A-Z]", r"\d", r"[^\w]"))
    return entropy(value) >= 3.0 and kinds >= 2


def redacted(value):
    return f"{value[:4]}… ({len(value)} characters)"


def fingerprint(value):
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def found(rule, what, severity, value, note=""):
    return {"rule": rule, "what": what + (f", {note}" if note else ""), "severity": severity,
            "redacted": redacted(value), "fingerprint": fingerprint(value)}


def scan_line(path, line):
    """What one line holds; at most one finding for each value."""
    line, seen = line[:MAX_LINE], set()
    for rule, what, shape, real in SHAPES:
        for match in shape.finditer(line):
            value = match.group(0)
            if value in seen:
                continue
            seen.add(value)
            if real is None or real(value):
                note = "its checksum is right" if real is crc_in_base62 else ""
                yield found(rule, what, HIGH, value, note)
            elif real is crc_in_base62:
                yield found(rule, what, LOW, value, "only by its shape: its checksum is wrong")
    for match in URL_PASSWORD.finditer(line):
        value = match.group(1)
        if not PLACEHOLDER.search(value) and value.lower() not in ("password", "pass", "secret", "token"):
            yield found("url-password", "a password in an address", HIGH if is_random(value) else LOW, value)
    if LOCKS.search(path.replace(os.sep, "/")):
        return
    matches = [(match.group(1), match.group(3)) for match in ASSIGNED.finditer(line)]
    name = os.path.basename(path)
    if name.endswith(SETTINGS_FILES) or name.startswith(".env"):
        setting = SETTING.match(line)
        matches += [setting.groups()] if setting else []
    for name, value in matches:
        if not any(value in other or other in value for other in seen) and is_random(value):
            yield found("assigned", f"a value given to `{name}`", HIGH, value, f"{entropy(value):.1f} bits a character")


def scan_text(path, text):
    """Yields (line number, finding)."""
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        begin = KEY_BEGIN.search(line[:MAX_LINE])
        if begin and not INLINE.search(line):
            # A text that speaks of keys has no key below the line.
            below = " ".join(lines[number : number + 12])
            body = KEY_BODY.search(line[begin.end():MAX_LINE].replace("\\n", " ")) or KEY_BODY.search(
                re.sub(r"(?:Proc-Type|DEK-Info|Version|Comment):\s*\S+", " ", below[:2000])
            )
            if body:
                yield number, found("private-key", f"a {begin.group(1).lower()}", HIGH, body.group(0))
        if not INLINE.search(line):
            for item in scan_line(path, line):
                yield number, item


class Allowed:
    """Lines of the allow list: `PATTERN RULE REASON`, or `sha256:FINGERPRINT REASON`."""

    def __init__(self, text):
        self.entries = []
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            words = line.split(None, 2)
            if words[0].startswith("sha256:"):
                words = [words[0], "*", line.split(None, 1)[1] if len(words) > 1 else ""]
            if len(words) < 3 or not words[2].strip():
                raise AllowError(f"{ALLOW_FILE}:{number}: a reason is missing (PATTERN RULE REASON)")
            self.entries.append({"line": number, "pattern": words[0], "rule": words[1], "reason": words[2], "used": 0})

    def entry_for(self, path, item):
        for entry in self.entries:
            if entry["pattern"].startswith("sha256:"):
                fits = entry["pattern"][7:] == item["fingerprint"]
            else:
                fits = fnmatch.fnmatchcase(path, entry["pattern"]) and fnmatch.fnmatchcase(item["rule"], entry["rule"])
            if fits:
                entry["used"] += 1
                return entry
        return None


def scan_history(root, limit):
    """Yields (commit, path, line number, finding) of lines that commits added."""
    command = ["git", "-c", "core.quotepath=off", "-c", "core.fsmonitor=false", "-C", root, "log", "--all", "-p", "-U0",
               "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--no-show-signature", "--format=%x01%H",
               "--src-prefix=a/", "--dst-prefix=b/", f"--max-count={limit}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as log:
        commit, path, number, left, hunk = "", "", 0, 0, []
        for raw in log.stdout:
            line = raw[: MAX_LINE * 2].decode("utf-8", "replace").rstrip("\n")
            begin = re.match(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@", line) if left <= 0 else None
            if left > 0 and line.startswith("+"):
                hunk.append(line[1:])
                left -= 1
                if left == 0:
                    for at, item in scan_text(path, "\n".join(hunk)):
                        yield commit, path, number + at - 1, item
            elif begin:
                number, left, hunk = int(begin.group(1)), int(begin.group(2) or 1), []
            elif line.startswith("\x01"):
                commit = line[1:13]
            elif left <= 0 and line.startswith("+++ "):
                name = line[4:].rstrip("\t")
                name = name[1:-1] if name.startswith('"') and name.endswith('"') else name
                path = name[2:] if name.startswith("b/") else ""


def scan(options):
    tree = Tree(options.folder)
    text = tree.read(ALLOW_FILE) if os.path.lexists(os.path.join(options.folder, ALLOW_FILE)) else None
    allowed, findings, accepted, files, seen = Allowed(text or ""), [], [], 0, set()

    def take(path, number, item, commit=None):
        item = {"file": path, "line": number, "commit": commit, **item}
        entry = allowed.entry_for(path, item)
        if entry:
            accepted.append({**item, "reason": entry["reason"]})
        else:
            findings.append(item)

    for path in tree.paths():
        if path == ALLOW_FILE:
            continue
        text = tree.read(path)
        if text is None:
            continue
        files += 1
        for number, item in scan_text(path, text):
            seen.add((shown(path), item["fingerprint"]))
            take(shown(path), number, item)
    if options.history:
        for commit, path, number, item in scan_history(options.folder, options.max_commits):
            # What is still there was told already; what was deleted is still in the history.
            if (path, item["fingerprint"]) not in seen:
                seen.add((path, item["fingerprint"]))
                take(path, number, item, commit)
    findings.sort(key=lambda f: (f["severity"], f["file"], f["line"], f["rule"]))
    unused = [f"{ALLOW_FILE}:{entry['line']}: `{entry['pattern']}` allows nothing" for entry in allowed.entries if not entry["used"]]
    return {"files": files, "findings": findings, "allowed": accepted, "unused": unused, "skipped": tree.skipped}, tree


def main():
    parser = argparse.ArgumentParser(
        description="Finds secrets in a project's files.",
        epilog=f"`{ALLOW_FILE}` in the folder allows findings, one a line: `PATTERN RULE REASON` or `sha256:FINGERPRINT REASON`; "
        "so does a comment `secret-scan: allow REASON` on the line. "
        "exit status: 0 nothing of high severity, 1 findings, 2 wrong use or a bad allow list",
    )
    parser.add_argument("folder", nargs="?", default=".", help="the project (default: here)")
    parser.add_argument("--history", action="store_true", help="also what commits added and others took away")
    parser.add_argument("--max-commits", type=int, default=10_000, metavar="N", help="of the history (default: 10000)")
    parser.add_argument("--strict", action="store_true", help="findings of low severity fail too")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args()
    if not os.path.isdir(options.folder):
        print(f"secret_scan.py: {printable(shown(options.folder))} is not a folder", file=sys.stderr)
        return 2
    try:
        result, tree = scan(options)
    except (AllowError, OSError) as error:
        print(printable(f"secret_scan.py: {error}"), file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        for item in result["findings"]:
            place = f"{item['file']}:{item['line']}" + (f" in commit {item['commit']}" if item["commit"] else "")
            print(printable(f"{item['severity']}: {place}: {item['what']}: {item['redacted']} [{item['rule']} sha256:{item['fingerprint']}]"))
        for line in result["unused"]:
            print(printable(f"note: {line}"))
        print(f"{result['files']} files: {len(result['findings'])} findings, {len(result['allowed'])} allowed{tree.skipped_words()}")
    failing = (HIGH, LOW) if options.strict else (HIGH,)
    return 1 if any(item["severity"] in failing for item in result["findings"]) else 0


if __name__ == "__main__":
    sys.exit(main())
