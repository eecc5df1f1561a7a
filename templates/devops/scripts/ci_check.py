#!/usr/bin/env python3
"""Looks for what goes wrong in the files that build, ship and run a project.

Reads GitHub and GitLab pipelines, Dockerfiles, compose files and shell scripts. It has no YAML reader:
it goes by lines and indentation, so flow style (`{a: b}`), anchors and templates are not understood,
and what it does not understand it does not report. Nothing is executed and nothing is changed.
Needs only Python 3.9; git is used for the list of files where there is one.
"""

import argparse
import json
import os
import re
import stat
import subprocess
import sys

# A pipeline's file is a page long; what is larger is data.
MAX_BYTES = 1 << 20
# A line is looked at to here, also one that is continued on the next.
MAX_LINE = 10_000
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


ERROR, WARNING = "error", "warning"
RULES = {
    "unpinned-action": (WARNING, "an action is named by a tag, which its owner can move; name the commit"),
    "branch-action": (WARNING, "an action is named by a branch or not at all: it changes by itself"),
    "no-timeout": (WARNING, "a job has no `timeout-minutes`; a hung one runs for six hours"),
    "write-all": (ERROR, "the job's token may write everything"),
    "no-permissions": (WARNING, "no `permissions`: the token may do what the repository's default says"),
    "untrusted-checkout": (ERROR, "`pull_request_target` with the pull request's own code: strangers run with your secrets"),
    "script-injection": (ERROR, "text that a stranger writes is put into a shell command; pass it through `env:`"),
    "secret-echoed": (ERROR, "a secret is printed"),
    "curl-pipe-shell": (ERROR, "what is downloaded is run unseen; download, check its digest, run"),
    "latest-image": (WARNING, "an image without a version or digest changes by itself"),
    "root-user": (WARNING, "the image runs as root; name another `USER` in its last stage"),
    "add-url": (WARNING, "`ADD` of a URL is not checked; download it in a RUN with its digest"),
    "apt-leftovers": (WARNING, "`apt-get install` leaves its lists in the layer; remove /var/lib/apt/lists in the same RUN"),
    "secret-in-image": (ERROR, "a secret in ENV or ARG stays in the image for everybody"),
    "privileged": (WARNING, "a privileged container is root on its host"),
    "no-errexit": (WARNING, "the script goes on after a failed command; begin it with `set -e`"),
}

PIPE_TO_SHELL = re.compile(r"\b(?:curl|wget)\b[^|;&]{0,2000}\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:env\s+)?(?:/\S*/)?(?:ba|da|z|k)?sh\b")
STRANGERS_TEXT = re.compile(
    r"\$\{\{[^}]{0,300}github\.(?:head_ref|event\.(?:issue|pull_request|comment|review|discussion|head_commit|commits)[\w.\[\]*]*\."
    r"(?:title|body|message|name|email|ref|label|default_branch))\b[^}]*\}\}|\$\{\{\s*github\.head_ref\s*\}\}"
)
SECRET = re.compile(r"\$\{\{\s*secrets\.\w+\s*\}\}")
PULL_REQUESTS_HEAD = re.compile(r"github\.event\.pull_request\.head\.|github\.head_ref|refs/pull/")
ALLOW = re.compile(r"#\s*ci-check:\s*allow\s+([\w-]+)\s+(\S.*)")


class Report:
    def __init__(self):
        self.findings, self.files, self.allowed = [], {}, 0

    def look(self, kind, path, lines):
        self.files[kind] = self.files.get(kind, 0) + 1
        self.path, self.lines = path, lines

    def add(self, rule, line, detail=""):
        """`line` counts from 1. A comment on that line or the one above allows it, with a reason."""
        for near in (line, line - 1):
            allow = ALLOW.search(self.lines[near - 1]) if 0 < near <= len(self.lines) else None
            if allow and allow.group(1) == rule:
                self.allowed += 1
                return
        severity, words = RULES[rule]
        message = f"{words}: {detail}" if detail else words
        self.findings.append(
            {"severity": severity, "rule": rule, "file": shown(self.path), "line": line, "message": message}
        )


def without_comment(line):
    """A YAML line without its comment; a `#` in quotes or inside a word is none."""
    quote = None
    for number, character in enumerate(line):
        if quote:
            quote = None if character == quote else quote
        elif character in "'\"" and (number == 0 or line[number - 1] in " :[{,-("):
            quote = character
        elif character == "#" and (number == 0 or line[number - 1] in " \t"):
            return line[:number]
    return line


KEY = re.compile(r"^(\s*)(- +)?([\w.$/-]+|'[^']*'|\"[^\"]*\")\s*:(?:\s+(.*))?$")


def entries(lines):
    """Yields (line number, indentation of the key, key, value, is a list's item, lines of a block)."""
    number = 0
    while number < len(lines):
        found = KEY.match(without_comment(lines[number]).rstrip())
        number += 1
        if not found:
            continue
        indent = len(found.group(1)) + len(found.group(2) or "")
        value = (found.group(4) or "").strip()
        block = []
        if re.fullmatch(r"[|>][-+0-9]*", value):
            start = number
            while number < len(lines) and (not lines[number].strip() or indent_of(lines[number]) > len(found.group(1))):
                if found.group(2) and lines[number].strip() and indent_of(lines[number]) <= len(found.group(1)) + 1:
                    break
                number += 1
            block = [(at + 1, lines[at]) for at in range(start, number)]
        yield start_of(number, block), indent, found.group(3).strip("'\""), value, bool(found.group(2)), block


def start_of(number, block):
    return block[0][0] - 1 if block else number


def indent_of(line):
    return len(line) - len(line.lstrip(" "))


def unquoted(value):
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def commands_of(found):
    """The shell lines of a `run:` or `script:` entry."""
    number, _, _, value, _, block = found
    return block if block else ([(number, value)] if value else [])


def check_command(report, number, text):
    if text.lstrip().startswith("#"):
        return
    if PIPE_TO_SHELL.search(text):
        report.add("curl-pipe-shell", number)
    if STRANGERS_TEXT.search(text):
        report.add("script-injection", number, STRANGERS_TEXT.search(text).group(0))
    # Into a pipe or a file is how a secret is handed on; on a line of its own it is printed.
    if re.search(r"\b(?:echo|printf)\b", text) and SECRET.search(text) and not re.search(r"[|>]", SECRET.sub("", text)):
        report.add("secret-echoed", number, SECRET.search(text).group(0))


def check_uses(report, number, value):
    value = unquoted(value)
    if value.startswith((".", "/")):
        return
    if value.startswith("docker://"):
        check_image(report, number, value[len("docker://"):])
        return
    name, _, ref = value.partition("@")
    if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", ref):
        return
    # A version is a tag; any other word is a branch, as far as a name can tell.
    report.add("unpinned-action" if re.match(r"v?\d", ref) else "branch-action", number, value)


def check_image(report, number, value, stages=()):
    image = unquoted(value.split()[0]) if value.split() else ""
    if not image or "$" in image or "{" in image or image == "scratch" or image.lower() in stages or "@sha256:" in image:
        return
    tag = image.rsplit("/", 1)[-1].partition(":")[2]
    if tag in ("", "latest"):
        report.add("latest-image", number, image)


def check_github(report, lines):
    found = list(entries(lines))
    top = min((indent for _, indent, *_ in found), default=0)
    section, job_indent, has_permissions, target = None, None, False, False
    jobs, checkout_of_head = [], []
    in_steps = None
    for number, indent, key, value, is_item, block in found:
        if indent == top and not is_item:
            section, job_indent = key, None
            if key == "permissions":
                has_permissions = True
        target = target or (section in ("on", "true") and ("pull_request_target" in value or key == "pull_request_target"))
        if section == "jobs" and indent > top:
            job_indent = indent if job_indent is None else job_indent
            if indent == job_indent and not is_item:
                jobs.append({"line": number, "name": key, "timeout": False, "calls": False, "inner": None})
            elif jobs:
                job = jobs[-1]
                job["inner"] = indent if job["inner"] is None else job["inner"]
                if indent == job["inner"] and not is_item:
                    job["timeout"] = job["timeout"] or key == "timeout-minutes"
                    job["calls"] = job["calls"] or key == "uses"
                    has_permissions = has_permissions or key == "permissions"
        if key == "permissions" and unquoted(value) == "write-all":
            report.add("write-all", number)
        elif key == "uses" and value:
            check_uses(report, number, value)
        elif key == "run":
            for at, text in commands_of((number, indent, key, value, is_item, block)):
                check_command(report, at, text)
        elif key in ("image", "container") and value:
            check_image(report, number, value)
        elif key in ("ref", "repository") and PULL_REQUESTS_HEAD.search(value):
            checkout_of_head.append(number)
    # `on: [push, pull_request_target]` and its list form are no entries of their own.
    target = target or any(re.match(r"\s*(?:-\s*|on:.*\b)pull_request_target\b", without_comment(line)) for line in lines)
    if target:
        for number in checkout_of_head:
            report.add("untrusted-checkout", number)
    for job in jobs:
        if not job["timeout"] and not job["calls"]:
            report.add("no-timeout", job["line"], f"job `{job['name']}`")
    if jobs and not has_permissions:
        report.add("no-permissions", jobs[0]["line"])


def check_gitlab(report, lines):
    for found in entries(lines):
        number, _, key, value, _, block = found
        if key in ("image", "name") and value and not block and (key == "image" or ":" in value):
            check_image(report, number, value)
    for number, line in enumerate(lines, 1):
        text = without_comment(line)
        if PIPE_TO_SHELL.search(text):
            report.add("curl-pipe-shell", number)
        # Behind the last pipe or arrow nothing is handed on any more.
        last = re.split(r"[|>]", text)[-1]
        said = re.search(r"\b(?:echo|printf)\b", last)
        if said and re.search(r"\$\{?\w{0,100}?(?:TOKEN|PASSWORD|SECRET)", last[said.end():]):
            report.add("secret-echoed", number)


def check_compose(report, lines):
    for number, _, key, value, _, _ in entries(lines):
        if key == "image" and value:
            check_image(report, number, value)
        elif key == "privileged" and unquoted(value) == "true":
            report.add("privileged", number)


def instructions(lines):
    """Yields (line number, word, rest) of a Dockerfile, continued lines joined."""
    number = 0
    while number < len(lines):
        start, text = number + 1, ""
        while number < len(lines):
            line = lines[number].rstrip()
            number += 1
            if line.lstrip().startswith("#"):
                if text:
                    continue
                break
            text += line[:-1] + " " if line.endswith("\\") else line
            if not line.endswith("\\"):
                break
        word, _, rest = text[:MAX_LINE].strip().partition(" ")
        if word:
            yield start, word.upper(), rest.strip()


def check_dockerfile(report, lines):
    stages, user, last_from = set(), None, None
    for number, word, rest in instructions(lines):
        if word == "FROM":
            words = [part for part in rest.split() if not part.startswith("--")]
            if words:
                check_image(report, number, words[0], stages)
            if len(words) >= 3 and words[1].lower() == "as":
                stages.add(words[2].lower())
            user, last_from = None, number
        elif word == "USER":
            user = rest
        elif word == "ADD" and re.search(r"\bhttps?://", rest) and "--checksum" not in rest:
            report.add("add-url", number)
        elif word == "RUN":
            if PIPE_TO_SHELL.search(rest):
                report.add("curl-pipe-shell", number)
            if re.search(r"\bapt(?:-get)?\s+(?:-\S+\s+)*install\b", rest) and "/var/lib/apt/lists" not in rest and "--mount=type=cache" not in rest:
                report.add("apt-leftovers", number)
        elif word in ("ENV", "ARG"):
            if re.search(r"(?i)\b\w*(?:password|passwd|secret|token|api_?key)\w*(?:=|\s+)(?![\"']?[\"']?\s*$|\$)[^\s$]", rest):
                report.add("secret-in-image", number, rest.split("=")[0].split()[0])
    if last_from and (user is None or user.split(":")[0] in ("root", "0")):
        report.add("root-user", last_from)


def check_shell(report, lines):
    exits = re.compile(r"^\s*set\s+(?:-\w*e\w*\b|.*-o\s+errexit)|^#!.*\bsh\s+-\w*e")
    if lines and not any(exits.search(line) for line in lines):
        report.add("no-errexit", 1)
    for number, line in enumerate(lines, 1):
        if not line.lstrip().startswith("#") and PIPE_TO_SHELL.search(line):
            report.add("curl-pipe-shell", number)


def kind_of(path, read):
    """What a file is by its place and name, shell scripts also by their first line."""
    name = os.path.basename(path).lower()
    folder = os.path.dirname(path).replace(os.sep, "/").lower()
    is_yaml = name.endswith((".yml", ".yaml"))
    if is_yaml and (folder == ".github/workflows" or folder.endswith("/.github/workflows")):
        return "github", check_github
    if name in ("action.yml", "action.yaml"):
        return "github", check_github
    if name in (".gitlab-ci.yml", ".gitlab-ci.yaml") or (is_yaml and ".gitlab" in folder):
        return "gitlab", check_gitlab
    if re.fullmatch(r"(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml", name):
        return "compose", check_compose
    if name in ("dockerfile", "containerfile") or name.startswith("dockerfile.") or name.endswith(".dockerfile"):
        return "docker", check_dockerfile
    if name.endswith((".sh", ".bash")):
        return "shell", check_shell
    return None


def check(root):
    tree, report = Tree(root), Report()
    for path in tree.paths():
        kind = kind_of(path, tree.read)
        text = tree.read(path) if kind else None
        if text is not None:
            report.look(kind[0], path, [line[:MAX_LINE] for line in text.splitlines()])
            kind[1](report, report.lines)
    report.findings.sort(key=lambda f: (f["severity"], f["file"], f["line"], f["rule"]))
    return {
        "files": report.files,
        "findings": report.findings,
        "allowed": report.allowed,
        "skipped": tree.skipped,
    }, tree


def main():
    parser = argparse.ArgumentParser(
        description="Checks pipelines, Dockerfiles, compose files and shell scripts for what goes wrong there.",
        epilog="`# ci-check: allow RULE why` on a line, or the line above it, allows one finding. "
        "exit status: 0 nothing at or above --fail-on, 1 findings, 2 wrong use",
    )
    parser.add_argument("folder", nargs="?", default=".", help="the project (default: here)")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--fail-on", choices=(ERROR, WARNING, "never"), default=ERROR, help="default: error")
    parser.add_argument("--rules", action="store_true", help="list the rules and end")
    options = parser.parse_args()
    if options.rules:
        for rule, (severity, words) in RULES.items():
            print(f"{rule:20} {severity:8} {words}")
        return 0
    if not os.path.isdir(options.folder):
        print(f"ci_check.py: {printable(shown(options.folder))} is not a folder", file=sys.stderr)
        return 2
    result, tree = check(options.folder)
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        for item in result["findings"]:
            print(printable(f"{item['severity']}: {item['file']}:{item['line']}: {item['message']} [{item['rule']}]"))
        looked = ", ".join(f"{count} {kind}" for kind, count in sorted(result["files"].items())) or "nothing to check"
        print(f"{looked}: {len(result['findings'])} findings, {result['allowed']} allowed{tree.skipped_words()}")
    bad = {ERROR: (ERROR,), WARNING: (ERROR, WARNING), "never": ()}[options.fail_on]
    return 1 if any(item["severity"] in bad for item in result["findings"]) else 0


if __name__ == "__main__":
    sys.exit(main())
