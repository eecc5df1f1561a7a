#!/usr/bin/env python3
"""Looks at what a project's files allow, and lists every call that can hurt.

Files and folders: writable by everybody, running as another user, executable data, links that leave
the project. Code: `unsafe` in Rust, what runs or unpacks text in Python, what makes markup or code of
text in JavaScript, each with file and line. A listed call is a place to read, not a defect. Nothing
is executed or changed. Needs only Python 3.9; git for the list of files where there is one.
"""

import argparse
import ast
import json
import os
import re
import stat
import subprocess
import sys
import warnings

# Sources are smaller; what is larger was generated, and is counted as skipped.
MAX_BYTES = 2 << 20
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
DATA = (".json", ".md", ".txt", ".toml", ".yml", ".yaml", ".lock", ".png", ".jpg", ".gif", ".svg", ".css", ".csv", ".xml", ".pem", ".key")
PYTHON_CALLS = {
    "eval": "runs text as code", "exec": "runs text as code", "compile": None, "__import__": "imports by a text",
    "pickle.load": "unpacks objects that run code", "pickle.loads": "unpacks objects that run code",
    "marshal.loads": "unpacks code", "marshal.load": "unpacks code", "shelve.open": "unpacks objects that run code",
    "os.system": "runs a shell", "os.popen": "runs a shell", "tempfile.mktemp": "names a file that another may make first",
    "yaml.load": "makes objects of text", "yaml.unsafe_load": "makes objects of text",
}
SCRIPT_CALLS = [
    (re.compile(r"(?<![\w.$])eval\s*\("), "eval", "runs text as code"),
    (re.compile(r"\bnew\s+Function\s*\("), "new Function", "runs text as code"),
    (re.compile(r"\.(?:innerHTML|outerHTML)\s*\+?=(?!=)"), "innerHTML", "makes markup of text"),
    (re.compile(r"\bdangerouslySetInnerHTML\b"), "dangerouslySetInnerHTML", "makes markup of text"),
    (re.compile(r"\bdocument\.write(?:ln)?\s*\("), "document.write", "makes markup of text"),
    (re.compile(r"\bset(?:Timeout|Interval)\s*\(\s*[\"'`]"), "setTimeout", "runs text as code"),
    (re.compile(r"(?:child_process[\w.]*|\bcp)\.exec(?:Sync)?\s*\("), "child_process.exec", "runs a shell"),
]
SCRIPTS = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx")


RUST_TOKEN = re.compile(r"//|/\*|(?<!\w)(?:br|cr|r)(#*)\"|(?<!\w)b?'|\"")
SCRIPT_TOKEN = re.compile(r"//|/\*|[\"'`]")
RUST_CHARACTER = re.compile(r"b?'(?:\\(?:x[0-9a-fA-F]{2}|u\{[0-9a-fA-F_]+\}|[^\n])|[^'\\\n])'")


def end_of_comment(source, at, rust):
    """Behind a `/* */`; Rust's are nested."""
    depth, shape = 1, re.compile(r"\*/|/\*" if rust else r"\*/")
    for mark in shape.finditer(source, at + 2):
        depth += 1 if mark.group(0) == "/*" else -1
        if depth == 0:
            return mark.end()
    return len(source)


def end_of_text(source, at, quote, rust):
    while at < len(source) and source[at] != quote:
        if source[at] == "\n" and not rust and quote != "`":
            break
        at += 2 if source[at] == "\\" else 1
    return min(at + 1, len(source))


def end_of_token(source, token, rust):
    """Where a comment or a text ends that begins there; none if it is neither."""
    word, at = token.group(0), token.start()
    if word == "//":
        stop = source.find("\n", at)
        return len(source) if stop < 0 else stop
    if word == "/*":
        return end_of_comment(source, at, rust)
    if rust and word.endswith("'"):
        # A lifetime has no second quote.
        character = RUST_CHARACTER.match(source, at)
        return character.end() if character else None
    if rust and word != '"':
        stop = source.find('"' + token.group(1), token.end())
        return len(source) if stop < 0 else stop + 1 + len(token.group(1))
    return end_of_text(source, token.end(), word[-1], rust)


def blanked(source, rust, keep=lambda comment: False):
    """A source with its comments and texts blanked, lines and columns kept; `keep` says which comments stay."""
    result, at = [], 0
    shape = RUST_TOKEN if rust else SCRIPT_TOKEN
    while True:
        token = shape.search(source, at)
        if not token:
            return "".join(result) + source[at:]
        result.append(source[at : token.start()])
        stop = end_of_token(source, token, rust)
        if stop is None:
            result.append(token.group(0))
            at = token.end()
            continue
        text = source[token.start() : stop]
        result.append(text if keep(text) else re.sub(r"[^\n]", " ", text))
        at = stop


def rust_calls(source):
    code = blanked(source, rust=True)
    for match in re.finditer(r"\bunsafe\b\s*(extern|fn|impl|trait|\{)?", code):
        kind = {"{": "block"}.get(match.group(1), match.group(1) or "block")
        yield code.count("\n", 0, match.start()) + 1, f"unsafe {kind}", "what the compiler does not prove"


def python_calls(source):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func) if isinstance(node.func, (ast.Name, ast.Attribute)) else ""
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        if PYTHON_CALLS.get(name):
            loader = ast.unparse(keywords.get("Loader", node.args[1] if len(node.args) > 1 else ast.Constant(None)))
            if name != "yaml.load" or "Safe" not in loader:
                yield node.lineno, name, PYTHON_CALLS[name]
        elif isinstance(keywords.get("shell"), ast.Constant) and keywords["shell"].value is True:
            yield node.lineno, f"{name}(shell=True)", "runs a shell"
        elif isinstance(keywords.get("verify"), ast.Constant) and keywords["verify"].value is False:
            yield node.lineno, f"{name}(verify=False)", "takes any certificate"


def script_calls(source):
    code = blanked(source, rust=False)
    for number, line in enumerate(code.splitlines(), 1):
        for shape, name, why in SCRIPT_CALLS:
            if shape.search(line):
                yield number, name, why
    # The quotes are blanked by then: a text that is run later is looked for in the source.
    for number, line in enumerate(source.splitlines(), 1):
        if not line.lstrip().startswith("//") and SCRIPT_CALLS[5][0].search(line):
            yield number, SCRIPT_CALLS[5][1], SCRIPT_CALLS[5][2]


def calls_of(path, source):
    if path.endswith(".rs"):
        return list(rust_calls(source))
    if path.endswith(".py"):
        return sorted(python_calls(source))
    return sorted(set(script_calls(source))) if path.endswith(SCRIPTS) else []


class Report:
    def __init__(self):
        self.findings = []

    def add(self, severity, rule, path, line, message):
        self.findings.append({"severity": severity, "rule": rule, "file": shown(path), "line": line, "message": message})


def check_link(report, root, path):
    target = os.readlink(os.path.join(root, path))
    real_root = os.path.realpath(root)
    real = os.path.realpath(os.path.join(root, path))
    if os.path.isabs(target) or not (real == real_root or real.startswith(real_root + os.sep)):
        report.add(ERROR, "link-outside", path, None, f"is a link out of the project, to `{shown(target)}`")
    elif not os.path.exists(real):
        report.add(WARNING, "link-dangling", path, None, f"is a link to `{shown(target)}`, which is not there")


def begins_as_program(full):
    try:
        handle = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as opened:
            return opened.read(4)[:2] in (b"#!", b"MZ", b"\x7fE")
    except OSError:
        return True


def check_mode(report, root, path):
    full = os.path.join(root, path)
    status = os.lstat(full)
    if stat.S_ISLNK(status.st_mode):
        check_link(report, root, path)
        return
    if status.st_mode & stat.S_IWOTH:
        report.add(ERROR, "world-writable", path, None, "everybody on this machine may write it")
    if status.st_mode & (stat.S_ISUID | stat.S_ISGID) and stat.S_ISREG(status.st_mode):
        report.add(ERROR, "setuid", path, None, "runs as its owner or group, whoever starts it")
    if not stat.S_ISREG(status.st_mode):
        return
    is_data = path.lower().endswith(DATA)
    if status.st_mode & 0o111 and is_data and not begins_as_program(full):
        report.add(WARNING, "executable-data", path, None, "is data and marked as a program")
    if path.lower().endswith((".pem", ".key")) and status.st_mode & 0o077:
        # Certificates are for everybody; only what holds a private key is meant.
        tree = Tree(root)
        if "PRIVATE KEY" in (tree.read(path) or ""):
            report.add(WARNING, "readable-key", path, None, f"a private key that others may read (mode {stat.S_IMODE(status.st_mode):o})")


def check(root):
    tree, report, inventory, unparsed = Tree(root), Report(), {}, 0
    paths = tree.paths()
    for folder in sorted({os.path.dirname(path) for path in paths} - {""}):
        mode = os.lstat(os.path.join(root, folder)).st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            report.add(ERROR, "world-writable", folder, None, "everybody on this machine may write in it")
    for path in paths:
        try:
            check_mode(report, root, path)
        except OSError:
            tree.skipped["unreadable"] += 1
            continue
        if not path.endswith((".rs", ".py", *SCRIPTS)):
            continue
        source = tree.read(path)
        if source is None:
            continue
        try:
            calls = calls_of(path, source)
        except (SyntaxError, ValueError, RecursionError):
            unparsed += 1
            continue
        for line, name, why in calls:
            inventory[name] = inventory.get(name, 0) + 1
            report.add(NOTE, "call", path, line, f"{name}: {why}")
    order = {ERROR: 0, WARNING: 1, NOTE: 2}
    report.findings.sort(key=lambda f: (order[f["severity"]], f["file"], f["line"] or 0))
    return {
        "files": len(paths), "findings": report.findings, "inventory": inventory, "unparsed": unparsed,
        "skipped": tree.skipped,
    }, tree


def main():
    parser = argparse.ArgumentParser(
        description="Looks at what a project's files allow, and lists every call that can hurt.",
        epilog="exit status: 0 no errors (or nothing at or above --fail-on), 1 findings, 2 wrong use",
    )
    parser.add_argument("folder", nargs="?", default=".", help="the project (default: here)")
    parser.add_argument("--fail-on", choices=(ERROR, WARNING, NOTE, "never"), default=ERROR, help="default: error")
    parser.add_argument("--no-calls", action="store_true", help="count the calls, do not list them")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args()
    if not os.path.isdir(options.folder):
        print(f"hardening_check.py: {printable(shown(options.folder))} is not a folder", file=sys.stderr)
        return 2
    result, tree = check(options.folder)
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        for item in result["findings"]:
            if item["severity"] == NOTE and options.no_calls:
                continue
            place = item["file"] + (f":{item['line']}" if item["line"] else "")
            print(printable(f"{item['severity']}: {place}: {item['message']} [{item['rule']}]"))
        calls = ", ".join(f"{count} {name}" for name, count in sorted(result["inventory"].items())) or "none"
        print(f"{result['files']} files; calls to read: {calls}{tree.skipped_words()}")
    levels = {ERROR: (ERROR,), WARNING: (ERROR, WARNING), NOTE: (ERROR, WARNING, NOTE), "never": ()}[options.fail_on]
    return 1 if any(item["severity"] in levels for item in result["findings"]) else 0


if __name__ == "__main__":
    sys.exit(main())
