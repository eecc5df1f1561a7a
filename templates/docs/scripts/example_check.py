#!/usr/bin/env python3
"""Checks the examples in a project's documents, and how the documents are built.

Code blocks in Markdown: Python is parsed, JSON and (with Python 3.11) TOML are read, shell goes
through `sh -n`, which reads and runs nothing. Pages: headings that skip a level, a second title,
fences that never close, blocks without a language, doubled words, tables with a cell too many. Fences
marked `text`, `ignore` or `console` are left alone. Nothing is executed or changed. Needs only
Python 3.9; git for the list of files where there is one.
"""

import argparse
import ast
import json
import os
import re
import stat
import subprocess
import sys
import textwrap
import warnings

try:
    import tomllib
except ImportError:  # before Python 3.11
    tomllib = None

# A document that is larger was generated.
MAX_BYTES = 4 << 20
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
FENCE = re.compile(r"^((?:\s*>)*\s*(?:(?:[-*+]|\d+[.)])\s+)?)(`{3,}|~{3,})\s*([^`]*)$")
TOO_DEEP = "is nested too deeply to be read"
PLACEHOLDER = re.compile(r"^[ \t]*(?:\.\.\.|…)[ \t]*$|<[a-z][\w -]*>|\{\{", re.M)
# These stand twice in good sentences.
TWICE = {"that", "had", "is", "bla", "ha", "no", "very", "so", "do", "long", "yes"}


def blocks(lines):
    """Yields (line of the fence, language, words after it, code lines); an open fence has none as its last."""
    number = 0
    while number < len(lines):
        opening = FENCE.match(lines[number])
        number += 1
        if not opening or (opening.group(2)[0] == "`" and "`" in opening.group(3)):
            continue
        start, mark, code, closed = number, opening.group(2), [], False
        while number < len(lines):
            closing = re.match(r"^(?:\s*>)*\s*(`{3,}|~{3,})\s*$", lines[number])
            number += 1
            if closing and closing.group(1)[0] == mark[0] and len(closing.group(1)) >= len(mark):
                closed = True
                break
            code.append(lines[number - 1])
        words = re.split(r"[\s,{}]+", opening.group(3).strip())
        prefix = opening.group(1)
        if ">" in prefix:
            code = [re.sub(r"^(?:\s*>)+ ?", "", line) for line in code]
        yield start, words[0].lower().lstrip("."), [word.lower() for word in words[1:]], textwrap.dedent("\n".join(code)), closed


def wrong_python(code):
    if re.search(r"^[ \t]*(?:>>>|\.\.\.) ", code, re.M):
        code = "\n".join(line[4:] for line in textwrap.dedent(code).splitlines() if re.match(r"(?:>>>|\.\.\.)(?: |$)", line))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(code)
        except (RecursionError, MemoryError):
            return 1, TOO_DEEP
        except (SyntaxError, ValueError) as error:
            return getattr(error, "lineno", None) or 1, str(getattr(error, "msg", error))
    return None


def wrong_json(code):
    try:
        json.loads(code)
    except RecursionError:
        return 1, TOO_DEEP
    except ValueError as error:
        return getattr(error, "lineno", 1), getattr(error, "msg", str(error))
    return None


def wrong_toml(code):
    if tomllib is None:
        return None
    try:
        tomllib.loads(code)
    except RecursionError:
        return 1, TOO_DEEP
    except ValueError as error:
        place = re.search(r"line (\d+)", str(error))
        return int(place.group(1)) if place else 1, str(error).split(" (at")[0]
    return None


def wrong_shell(code):
    # A prompt shows a session: only what is typed is shell.
    if re.search(r"^[ \t]*\$ ", code, re.M):
        code = "\n".join(line.lstrip()[2:] for line in code.splitlines() if line.lstrip().startswith("$ "))
    # `-n` reads the commands and runs none of them.
    read = subprocess.run(["sh", "-n"], input=code.encode("utf-8", "replace"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if read.returncode == 0:
        return None
    words = read.stderr.decode("utf-8", "replace").strip().splitlines()
    place = re.search(r"(?:line )?(\d+):", words[0]) if words else None
    return int(place.group(1)) if place else 1, re.sub(r"^.*?\d+:\s*", "", words[0]) if words else "cannot be read"


CHECKS = {"python": wrong_python, "py": wrong_python, "python3": wrong_python, "json": wrong_json, "toml": wrong_toml,
          "sh": wrong_shell, "shell": wrong_shell}
LEFT_ALONE = {"ignore", "no_check", "nocheck", "skip", "fails", "compile_fail"}


class Report:
    def __init__(self):
        self.findings, self.examples = [], {}

    def add(self, severity, rule, path, line, message):
        self.findings.append({"severity": severity, "rule": rule, "file": shown(path), "line": line, "message": message})


def check_examples(report, path, lines):
    code_lines = set()
    for start, language, words, code, closed in blocks(lines):
        code_lines.update(range(start, start + code.count("\n") + 3))
        if not closed:
            report.add(ERROR, "open-fence", path, start, "this block never ends: everything below is code")
            code_lines.update(range(start, len(lines) + 1))
            continue
        if not language:
            report.add(WARNING, "no-language", path, start, "the block names no language")
        check = CHECKS.get(language)
        if not check or LEFT_ALONE & set(words):
            continue
        report.examples[language] = report.examples.get(language, 0) + 1
        wrong = check(code)
        # What a reader is to fill in cannot be parsed, and is not meant to be.
        if wrong and not PLACEHOLDER.search(code):
            report.add(ERROR, "example", path, start + wrong[0], f"{language}: {wrong[1]}")
    return code_lines


def cells(row):
    row = re.sub(r"`[^`]*`", "", row.strip().replace("\\|", ""))
    return len(row.strip("|").split("|"))


def check_page(report, path, lines, code_lines):
    level, titles, columns = 0, [], None
    for number, line in enumerate(lines, 1):
        if number in code_lines:
            columns = None
            continue
        heading = re.match(r" {0,3}(#{1,6})[ \t]+\S", line)
        if heading:
            depth = len(heading.group(1))
            if level and depth > level + 1:
                report.add(WARNING, "heading-skips", path, number, f"from level {level} to {depth}")
            level = depth
            titles += [number] if depth == 1 else []
        delimiter = re.match(r"\s*(?:\|\s*)?:?-+:?\s*(?:\|\s*:?-+:?\s*)+(?:\|\s*)?$", line)
        if delimiter and number > 1 and "|" in lines[number - 2]:
            columns = cells(line)
            if cells(lines[number - 2]) != columns:
                report.add(ERROR, "table", path, number - 1, f"the head has {cells(lines[number - 2])} cells, the line below {columns}")
        elif columns and "|" in line:
            if cells(line) > columns:
                report.add(ERROR, "table", path, number, f"{cells(line)} cells in a table of {columns}: the last are not shown")
        else:
            columns = None
        twice = re.search(r"(?<![\w-])([A-Za-z]{2,})\s+\1(?![\w-])", re.sub(r"`[^`]*`", "`", line))
        if twice and twice.group(1).lower() not in TWICE:
            report.add(WARNING, "doubled-word", path, number, f"`{twice.group(1)}` stands twice")
    for number in titles[1:]:
        report.add(WARNING, "second-title", path, number, f"a page has one title, this is another (first on line {titles[0]})")


def main():
    parser = argparse.ArgumentParser(
        description="Checks the examples in a project's Markdown, and how the pages are built.",
        epilog="exit status: 0 no errors (or nothing at or above --fail-on), 1 findings, 2 wrong use",
    )
    parser.add_argument("folder", nargs="?", default=".", help="the project (default: here)")
    parser.add_argument("--fail-on", choices=(ERROR, WARNING, "never"), default=ERROR, help="default: error")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args()
    if not os.path.isdir(options.folder):
        print(f"example_check.py: {printable(shown(options.folder))} is not a folder", file=sys.stderr)
        return 2
    tree, report, pages = Tree(options.folder), Report(), 0
    for path in tree.paths():
        text = tree.read(path) if path.lower().endswith((".md", ".markdown")) else None
        if text is not None:
            pages += 1
            lines = text.splitlines()
            check_page(report, path, lines, check_examples(report, path, lines))
    report.findings.sort(key=lambda f: (f["severity"], f["file"], f["line"]))
    if options.json:
        print(json.dumps({"pages": pages, "examples": report.examples, "findings": report.findings, "skipped": tree.skipped}, indent=2))
    else:
        for found in report.findings:
            print(printable(f"{found['severity']}: {found['file']}:{found['line']}: {found['message']} [{found['rule']}]"))
        examples = ", ".join(f"{count} {language}" for language, count in sorted(report.examples.items())) or "none"
        print(f"{pages} pages, examples checked: {examples}; {len(report.findings)} findings{tree.skipped_words()}")
        if tomllib is None:
            print("skipped: TOML examples need Python 3.11", file=sys.stderr)
    levels = {ERROR: (ERROR,), WARNING: (ERROR, WARNING), "never": ()}[options.fail_on]
    return 1 if any(found["severity"] in levels for found in report.findings) else 0


if __name__ == "__main__":
    sys.exit(main())
