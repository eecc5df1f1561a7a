#!/usr/bin/env python3
"""Reviews a branch's diff the way a strict colleague would, before one is asked.

Reads `git diff BASE...HEAD` and reports what a machine can see: conflict markers, secrets, debugging
left behind, very large files, long functions, code without tests. Nothing is executed and nothing
is changed. Needs only Python 3.8 and git.
"""

import argparse
import ast
import json
import re
import subprocess
import sys
from pathlib import PurePosixPath

BLOCKER, SHOULD, COULD = "blocker", "should", "could"

CONFLICT = re.compile(r"^(<{7} |={7}$|>{7} |\|{7} )")
SECRETS = [
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")),
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a GitHub token", re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b")),
    ("a Slack token", re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}")),
    ("an API key", re.compile(r"\bsk-[A-Za-z0-9_-]{20,}")),
    (
        "a password or token",
        re.compile(
            r"""(?i)(?:password|passwd|secret|api_?key|auth_?token)["']?\s*[:=]\s*["'](?!\$|\{|<)[^"'\s]{8,}["']"""
        ),
    ),
]
# What obviously stands for a value and is none.
PLACEHOLDER = re.compile(r"(?i)example|placeholder|changeme|change-me|dummy|your[-_]|xxxx|\*\*\*")
DEBUG = {
    ".py": re.compile(r"\bbreakpoint\(\)|\bpdb\.set_trace\(|^\s*print\((?:['\"]?(?:debug|here|xxx|>>>))"),
    ".js": re.compile(r"\bconsole\.(?:log|debug)\(|^\s*debugger\b"),
    ".go": re.compile(r"\bspew\.Dump\(|fmt\.Print(?:ln|f)?\(\"(?:debug|here|xxx)", re.I),
    ".rs": re.compile(r"\bdbg!\("),
    ".sh": re.compile(r"^\s*set -x\b"),
}
for alias in (".jsx", ".ts", ".tsx", ".mjs", ".cjs"):
    DEBUG[alias] = DEBUG[".js"]
CODE = set(DEBUG) | {".java", ".kt", ".c", ".cc", ".cpp", ".rb", ".php"}
LATER = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
TEST_PATH = re.compile(r"(?i)(^|/)(tests?|spec|__tests__)(/|$)|(^|[/_.-])(test|spec)s?[_.-]|[_.-](test|spec)s?\.")


class ReviewError(Exception):
    """Something that makes a review impossible."""


def git(*arguments):
    command = ["git", "-c", "core.quotepath=off", *arguments]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if result.returncode != 0:
        raise ReviewError(result.stderr.decode("utf-8", "replace").strip() or "git failed")
    return result.stdout


def require_commit(name):
    # The name is an argument, never an option: a branch called `--output=x` is refused here.
    if name.startswith("-"):
        raise ReviewError(f"`{name}` is not a commit")
    return git("rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}").decode().strip()


def default_base():
    for name in ("origin/HEAD", "main", "master", "trunk"):
        try:
            require_commit(name)
            return name
        except ReviewError:
            continue
    raise ReviewError("no base branch found; name one with --base")


def added_lines(base, head):
    """Yields (path, line number, text) for every added line."""
    text = git("diff", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "-U0", "--src-prefix=a/", "--dst-prefix=b/", f"{base}...{head}")
    path, number, left_in_hunk = None, 0, 0
    for line in text.decode("utf-8", "replace").split("\n"):
        hunk = re.match(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@", line) if left_in_hunk <= 0 else None
        if hunk:
            number = int(hunk.group(1))
            left_in_hunk = int(hunk.group(2) or 1)
        elif left_in_hunk > 0 and line.startswith("+"):
            yield path, number, line[1:]
            number += 1
            left_in_hunk -= 1
        elif left_in_hunk <= 0 and line.startswith("+++ "):
            name = line[4:].rstrip("\t")
            if name.startswith('"') and name.endswith('"'):
                name = name[1:-1]
            path = name[2:] if name.startswith("b/") else None


def changed_files(base, head):
    """Yields (status, path) of every changed file."""
    fields = git("diff", "--no-renames", "--name-status", "-z", f"{base}...{head}").decode("utf-8", "replace").split("\0")
    return list(zip(fields[0::2], fields[1::2]))


def is_test(path):
    return bool(TEST_PATH.search(path))


def suffix(path):
    return PurePosixPath(path).suffix.lower()


def finding(severity, rule, path, line, message):
    return {"severity": severity, "rule": rule, "file": path, "line": line, "message": message}


def review_line(path, number, text):
    if CONFLICT.match(text) and suffix(path) not in (".md", ".rst"):
        yield finding(BLOCKER, "conflict-marker", path, number, "a conflict marker was committed")
    for what, pattern in SECRETS:
        if pattern.search(text) and not PLACEHOLDER.search(text):
            # The line itself is not repeated: the report must not spread it.
            yield finding(BLOCKER, "secret", path, number, f"this looks like {what}")
            break
    debug = DEBUG.get(suffix(path))
    if debug and debug.search(text) and not is_test(path):
        yield finding(SHOULD, "debugging", path, number, "debugging output was left behind")
    if suffix(path) in CODE and LATER.search(text):
        yield finding(COULD, "later", path, number, "something is left for later; make it a task")


def python_functions(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno:
            yield node.name, node.lineno, node.end_lineno


OPENING = re.compile(r"^(\s*)(?:pub(?:\([a-z]+\))?\s+|export\s+|default\s+|async\s+)*(?:fn|func|function)\b[^({]*?([A-Za-z_]\w*)?\s*[<(]")


def brace_functions(source):
    """Functions whose closing brace stands at their own indentation, as formatters write it."""
    lines = source.split("\n")
    for number, line in enumerate(lines):
        opening = OPENING.match(line)
        if not opening or line.rstrip().endswith((";", "}")):
            continue
        closing = opening.group(1) + "}"
        for end in range(number + 1, len(lines)):
            if lines[end].rstrip().rstrip(");,") == closing or lines[end].startswith(closing):
                yield opening.group(2) or "function", number + 1, end + 1
                break


def review_functions(head, path, touched, limit):
    kind = suffix(path)
    if kind not in CODE - {".sh", ".rb"} or is_test(path):
        return
    source = git("show", f"{head}:{path}").decode("utf-8", "replace")
    try:
        functions = list(python_functions(source) if kind == ".py" else brace_functions(source))
    except (SyntaxError, ValueError) as error:
        yield finding(BLOCKER, "syntax", path, getattr(error, "lineno", None), f"cannot be parsed: {error}")
        return
    for name, start, end in functions:
        length = end - start + 1
        if length > limit and any(start <= line <= end for line in touched):
            message = f"`{name}` is {length} lines long; more than {limit} are hard to review"
            yield finding(SHOULD, "long-function", path, start, message)


def review_size(head, path, limit):
    size = int(git("cat-file", "-s", f"{head}:{path}"))
    if size > limit * 1024:
        message = f"{size // 1024} KiB; files over {limit} KiB do not belong into the history"
        yield finding(BLOCKER, "large-file", path, None, message)


def is_blob(head, path):
    try:
        return git("cat-file", "-t", f"{head}:{path}").strip() == b"blob"
    except ReviewError:
        return False  # a submodule


def has_inline_tests(lines):
    return any("#[test]" in text or "#[cfg(test)]" in text for _, _, text in lines)


def review(base, head, max_kib, max_lines):
    files = changed_files(base, head)
    lines = [line for line in added_lines(base, head) if line[0]]
    findings = []
    for path, number, text in lines:
        findings.extend(review_line(path, number, text))
    touched = {}
    for path, number, _ in lines:
        touched.setdefault(path, []).append(number)
    for status, path in files:
        if status != "D" and is_blob(head, path):
            findings.extend(review_size(head, path, max_kib))
            findings.extend(review_functions(head, path, touched.get(path, []), max_lines))
    code = [path for status, path in files if status != "D" and suffix(path) in CODE and not is_test(path)]
    tested = any(is_test(path) for _, path in files) or has_inline_tests(lines)
    if code and not tested:
        message = f"{len(code)} file(s) of code changed, no test did"
        findings.append(finding(SHOULD, "no-tests", code[0], None, message))
    order = {BLOCKER: 0, SHOULD: 1, COULD: 2}
    findings.sort(key=lambda f: (order[f["severity"]], f["file"], f["line"] or 0))
    return {"base": base, "head": head, "files": len(files), "added": len(lines), "findings": findings}


def printable(text):
    # A file's name comes from the repository; it must not speak to the terminal.
    return "".join(c if c.isprintable() else "?" for c in text)


def show(result):
    for item in result["findings"]:
        place = item["file"] + (f":{item['line']}" if item["line"] else "")
        print(printable(f"{item['severity']}: {place}: {item['message']} [{item['rule']}]"))
    counts = {s: sum(f["severity"] == s for f in result["findings"]) for s in (BLOCKER, SHOULD, COULD)}
    words = ", ".join(f"{n} {s}" for s, n in counts.items())
    print(f"{result['files']} files, {result['added']} lines added: {words}")


def main():
    parser = argparse.ArgumentParser(
        description="Reviews `git diff BASE...HEAD` for what a machine can see.",
        epilog="exit status: 0 no blocker, 1 blockers, 2 no review possible",
    )
    parser.add_argument("--base", help="what the branch is compared with (default: origin/HEAD, main, master, trunk)")
    parser.add_argument("--head", default="HEAD", help="the branch (default: HEAD)")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--max-kib", type=int, default=512, metavar="N", help="largest file, in KiB (default: 512)")
    parser.add_argument("--max-lines", type=int, default=60, metavar="N", help="longest function (default: 60)")
    options = parser.parse_args()
    try:
        base = require_commit(options.base or default_base())
        head = require_commit(options.head)
        result = review(base, head, options.max_kib, options.max_lines)
    except (ReviewError, FileNotFoundError) as error:
        print(f"reviewer.py: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        show(result)
    return 1 if any(f["severity"] == BLOCKER for f in result["findings"]) else 0


if __name__ == "__main__":
    sys.exit(main())
