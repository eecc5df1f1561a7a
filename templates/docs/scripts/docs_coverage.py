#!/usr/bin/env python3
"""Measures how much of what a project offers is documented, and names what is not.

Python: modules, classes and functions without a leading underscore. Rust: public items that can be
reached from src/lib.rs, modules followed file by file; fields, variants and what macros make are not
counted. JavaScript and TypeScript: exported functions, classes and constants. Tests are left out.
Nothing is executed or changed. Needs only Python 3.9; git for the list of files where there is one.
"""

import argparse
import ast
import bisect
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


SCRIPTS = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx")
TEST_PATH = re.compile(r"(^|/)(tests?|specs?|__tests__|benches|examples|fixtures|vendor|third_party)(/|$)|(^|[/_.-])(test|spec)[_.-]|[_.-](test|spec)\.|(^|/)(conftest|setup)\.py$", re.I)
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


def item(path, line, kind, name, documented):
    return {"file": shown(path), "line": line, "kind": kind, "name": name, "documented": documented}


# --- Python


def python_items(path, source):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
    if tree.body:
        yield item(path, 1, "module", os.path.splitext(os.path.basename(path))[0], ast.get_docstring(tree) is not None)
    yield from python_members(path, tree.body, "")


def python_members(path, body, prefix):
    for node in body:
        if isinstance(node, (ast.If, ast.Try)):
            yield from python_members(path, node.body, prefix)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) or node.name.startswith("_"):
            continue
        # What overrides or overloads has its words elsewhere.
        names = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
        if names & {"overload", "override", "setter", "deleter"}:
            continue
        kind = "class" if isinstance(node, ast.ClassDef) else "method" if prefix else "function"
        yield item(path, node.lineno, kind, prefix + node.name, ast.get_docstring(node) is not None)
        if isinstance(node, ast.ClassDef):
            yield from python_members(path, node.body, f"{prefix}{node.name}.")


# --- Rust

RUST_ITEM = re.compile(
    r"(?P<pub>pub(?!\s*\()\s+)?(?P<default>default\s+)?(?P<words>(?:(?:const|async|unsafe|extern|safe)\s+)*)"
    r"(?P<kind>fn|struct|enum|union|trait|type|const|static|mod|macro)\s+(?:mut\s+)?(?P<name>r#\w+|\w+)"
)
DOC_COMMENT = re.compile(r"///(?!/)|//!|/\*\*(?!\*|/)|/\*!")


class RustFile:
    """One file's items, with where they stand: the module, impl or trait around them."""

    def __init__(self, source):
        # Names in quotes are blanked, so `extern \"C\" fn` reads as `extern fn`; doc comments become one mark.
        code = blanked(source, rust=True, keep=lambda comment: bool(DOC_COMMENT.match(comment)))
        self.code = re.sub(r"///(?!/)[^\n]*|/\*\*(?!\*|/).*?\*/", lambda m: "\x01" + re.sub(r"[^\n]", " ", m.group(0)[1:]), code, flags=re.S)
        self.code = re.sub(r"//![^\n]*|/\*!.*?\*/", lambda m: "\x02" + re.sub(r"[^\n]", " ", m.group(0)[1:]), self.code, flags=re.S)
        self.inner_doc = "\x02" in self.code.split("{")[0] or bool(re.search(r"#!\[doc\b", self.code))
        self.ends = [mark.start() for mark in re.finditer("\n", self.code)]
        self.items, self.modules, self.exports, self.globs, self.types = [], [], set(), set(), set()
        self.read(0, len(self.code), [])

    def line(self, at):
        return bisect.bisect_left(self.ends, at) + 1

    def closing(self, at):
        """Behind the bracket that closes the one at `at`."""
        pairs, depth = {"{": "}", "(": ")", "[": "]"}, 0
        opening, end = self.code[at], pairs[self.code[at]]
        for mark in re.compile(re.escape(opening) + "|" + re.escape(end)).finditer(self.code, at):
            depth += 1 if mark.group(0) == opening else -1
            if depth == 0:
                return mark.end()
        return len(self.code)

    def read(self, at, end, around):
        """Reads the items between two places; `around` are the blocks that they stand in."""
        documented, hidden, exported_macro = False, False, False
        while at < end:
            rest = re.compile(r"[\s\x02;,]+|\x01|#!?\[").match(self.code, at)
            if rest and rest.group(0) == "\x01":
                documented, at = True, rest.end()
            elif rest and rest.group(0).startswith("#"):
                close = self.closing(rest.end() - 1)
                text = self.code[rest.end() : close]
                documented = documented or bool(re.match(r"\s*doc\s*=|\s*cfg_attr\b.*\bdoc\s*=", text, re.S))
                hidden = hidden or bool(re.match(r"\s*doc\s*\(\s*hidden|\s*(?:cfg\s*\(\s*(?:all\s*\(.*)?test\b|test\s*\]|bench\s*\])", text, re.S))
                exported_macro = exported_macro or bool(re.match(r"\s*macro_export\b", text))
                at = close
            elif rest:
                at = rest.end()
            else:
                at = self.entry(at, end, around, documented, hidden, exported_macro)
                documented, hidden, exported_macro = False, False, False

    def entry(self, at, end, around, documented, hidden, exported_macro):
        """One item; answers where the next may begin."""
        found = RUST_ITEM.match(self.code, at)
        macro = re.compile(r"macro_rules!\s*(\w+)\s*").match(self.code, at)
        use = re.compile(r"(pub(?!\s*\()\s+)?use\s+([^;]*);").match(self.code, at)
        if use:
            if use.group(1) and not around:
                self.export(use.group(2))
            return use.end()
        if macro:
            if exported_macro and not hidden:
                self.items.append(("macro", macro.group(1), self.line(at), documented, [], True))
            return self.after_body(macro.end())
        block = re.compile(r"(?:unsafe\s+)?(impl)\b").match(self.code, at)
        if block:
            return self.impl(at, around, hidden)
        if not found:
            return self.after_other(at, end)
        kind, name = found.group("kind"), found.group("name")
        body, stop = self.body_of(found.end(), kind)
        if kind in ("struct", "enum", "union", "trait"):
            self.types.add(name)
        if hidden:
            return stop
        is_public = bool(found.group("pub")) or (bool(around) and around[-1][0] == "trait")
        if kind == "mod":
            inside = "\x02" in self.code[body : body + 400].split("\x01")[0].lstrip()[:1] if body else False
            self.modules.append((name, is_public, body is not None, documented, self.line(at), [a[1] for a in around]))
            if body:
                self.read(body + 1, stop - 1, [*around, ("mod", name, is_public)])
            if is_public and body:
                self.items.append(("mod", name, self.line(found.start("kind")), documented or inside, around, True))
            return stop
        if is_public:
            self.items.append((kind, name, self.line(found.start("kind")), documented, around, bool(found.group("pub"))))
        if kind == "trait" and body:
            self.read(body + 1, stop - 1, [*around, ("trait", name, is_public)])
        return stop

    def impl(self, at, around, hidden):
        opening = self.code.find("{", at)
        if opening < 0:
            return len(self.code)
        stop = self.closing(opening)
        head = re.sub(r"\bwhere\b.*", "", self.code[at:opening], flags=re.S)
        if not hidden and not re.search(r"\bfor\s+(?!<)", re.sub(r"\bfor\s*<", "<", head)):
            head = re.sub(r"^(?:unsafe\s+)?impl\s*", "", head)
            if head.startswith("<"):
                head = without_angles(head)
            name = re.match(r"\s*(?:&\s*(?:mut\s+)?)?(?:\w+::)*(\w+)", head)
            self.read(opening + 1, stop - 1, [*around, ("impl", name.group(1) if name else "", True)])
        return stop

    def body_of(self, at, kind):
        """Where an item's braces open (none: it has none) and where the item ends."""
        shape = re.compile(r"[{;(\[=]")
        while True:
            mark = shape.search(self.code, at)
            if not mark:
                return None, len(self.code)
            word = mark.group(0)
            if word == ";":
                return None, mark.end()
            if word == "{":
                return mark.start(), self.closing(mark.start())
            if word == "=" and kind in ("const", "static", "type", "trait"):
                return None, self.after_other(mark.end(), len(self.code))
            at = self.closing(mark.start()) if word in "([" else mark.end()

    def after_body(self, at):
        mark = re.compile(r"[{(\[]").search(self.code, at)
        return self.closing(mark.start()) if mark else len(self.code)

    def after_other(self, at, end):
        """Behind something that is no item: to its `;`, or behind its braces."""
        while at < end:
            mark = re.compile(r"[{(\[;]").search(self.code, at, end)
            if not mark:
                return end
            if mark.group(0) == ";":
                return mark.end()
            at = self.closing(mark.start())
            if mark.group(0) == "{" and not re.compile(r"\s*[;.?)]|\s*(?:else|as)\b|\s*[-+*/|&<>=]").match(self.code, at):
                return at
        return end

    def export(self, tree):
        """The names that a `pub use` makes public."""
        tree = re.sub(r"\s+", " ", tree)
        for leaf in map(str.strip, re.split(r"[{},]", tree)):
            if leaf.endswith("*"):
                module = re.findall(r"(\w+)\s*::\s*\*", leaf)
                outer = re.findall(r"(\w+)\s*::\s*$", tree.split("{")[0]) if "{" in tree else []
                self.globs.update(module or outer)
            elif leaf and not leaf.endswith("::"):
                self.exports.add(leaf.split(" as ")[0].split("::")[-1].strip())
                if leaf.split(" as ")[0].strip() == "self":
                    self.exports.update(re.findall(r"(\w+)::\s*$", tree.split("{")[0]))


def without_angles(text):
    """What follows the generic parameters that a text begins with. An arrow closes nothing."""
    depth = 0
    for number, character in enumerate(text):
        if character == "<":
            depth += 1
        elif character == ">" and text[number - 1] != "-":
            depth -= 1
            if depth == 0:
                return text[number + 1 :]
    return ""


def module_file(paths, folder, name):
    """The file of a module, by Rust's rules."""
    name = name[2:] if name.startswith("r#") else name
    options = (os.path.join(folder, f"{name}.rs"), os.path.join(folder, name, "mod.rs"))
    return next((os.path.normpath(path) for path in options if os.path.normpath(path) in paths), None)


class Crate:
    """What can be reached from a crate's root."""

    def __init__(self, tree, paths, root, unparsed):
        self.tree, self.paths = tree, paths
        self.files, self.exports, self.globs, self.unparsed = [], set(), set(), unparsed
        self.load(root, os.path.dirname(root), True, None)

    def load(self, path, folder, is_public, name):
        text = self.tree.read(path)
        if text is None or any(path == known for known, *_ in self.files):
            return None
        try:
            read = RustFile(text)
        except RecursionError:
            self.unparsed.append(shown(path))
            return None
        self.files.append((path, read, is_public, name))
        self.exports |= read.exports
        self.globs |= read.globs
        for module, public, inline, documented, line, around in read.modules:
            inner = os.path.join(folder, *around)
            found = None if inline else module_file(self.paths, inner, module)
            loaded = self.load(found, os.path.join(inner, module), is_public and public, module) if found else None
            if loaded is not None and public and is_public:
                read.items.append(("mod", module, line, documented or loaded.inner_doc, [], True))
        return read

    def items(self):
        """Every item that can be reached. A private module is, by what is used from it in public."""
        named, here, found = set(), set(), []
        for path, read, is_public, module in self.files:
            for kind, name, line, documented, around, own_pub in read.items:
                mods = [a for a in around if a[0] == "mod"]
                blocks = [a for a in around if a[0] != "mod"]
                is_open = is_public and all(a[2] for a in mods)
                by_glob = module in self.globs or any(a[1] in self.globs for a in mods)
                outer = blocks[0][1] if blocks else name
                is_reached = is_open or kind == "macro" or outer in self.exports or by_glob
                if not blocks and is_reached and own_pub:
                    named.add(name)
                    here.add((path, name))
                found.append((path, read, kind, name, line, documented, blocks, is_reached))
        for path, read, kind, name, line, documented, blocks, is_reached in found:
            # A method counts where its type does, wherever the block stands; two types may have one name.
            owner = blocks[0][1] if blocks else None
            is_owned = (path, owner) in here if owner in read.types else owner in named
            if is_owned if blocks else is_reached:
                full = "::".join([b[1] for b in blocks] + [name])
                yield item(path, line, "method" if blocks and kind == "fn" else kind, full, documented)


def rust_items(tree, paths, unparsed):
    roots = [path for path in paths if path.replace(os.sep, "/").endswith("src/lib.rs") and not TEST_PATH.search(os.path.dirname(path.replace(os.sep, "/")))]
    known = set(paths)
    for root in sorted(roots):
        crate = Crate(tree, known, root, unparsed)
        if crate.files:
            yield item(root, 1, "crate", os.path.basename(os.path.dirname(os.path.dirname(os.path.abspath(os.path.join(tree.root, root))))), crate.files[0][1].inner_doc)
        yield from crate.items()


# --- JavaScript

EXPORT = re.compile(r"^export\s+(?:default\s+)?(?:declare\s+)?(?:async\s+)?(?:abstract\s+)?(function\*?|class|const|let|interface|type|enum)\s*([A-Za-z_$][\w$]*)?", re.M)


def script_items(path, source):
    code = blanked(source, rust=False, keep=lambda comment: comment.startswith("/**"))
    for match in EXPORT.finditer(re.sub(r"/\*\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group(0)), code, flags=re.S)):
        before = re.sub(r"(?:\s|@\w+(?:\([^)]*\))?|//[^\n]*)+$", "", code[: match.start()])
        yield item(path, code.count("\n", 0, match.start()) + 1, match.group(1), match.group(2) or "default", before.endswith("*/"))


def measure(root):
    tree, items, unparsed = Tree(root), [], []
    paths = tree.paths()
    for path in paths:
        if TEST_PATH.search(path.replace(os.sep, "/")) or not path.endswith((".py", *SCRIPTS)) or path.endswith((".min.js", ".d.ts")):
            continue
        source = tree.read(path)
        if source is None:
            continue
        try:
            items += list(python_items(path, source) if path.endswith(".py") else script_items(path, source))
        except (SyntaxError, ValueError, RecursionError):
            unparsed.append(shown(path))
    items += list(rust_items(tree, paths, unparsed))
    items.sort(key=lambda i: (i["file"], i["line"], i["name"]))
    return items, unparsed, tree


def main():
    parser = argparse.ArgumentParser(
        description="Measures how much of what a project offers is documented.",
        epilog="exit status: 0 measured, 1 below --min, 2 wrong use, 3 nothing to measure",
    )
    parser.add_argument("folder", nargs="?", default=".", help="the project (default: here)")
    parser.add_argument("--min", type=float, metavar="PERCENT", help="fail below")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output, every item in it")
    options = parser.parse_args()
    if not os.path.isdir(options.folder):
        print(f"docs_coverage.py: {printable(shown(options.folder))} is not a folder", file=sys.stderr)
        return 2
    items, unparsed, tree = measure(options.folder)
    done = sum(found["documented"] for found in items)
    total = round(100 * done / len(items), 1) if items else None
    if options.json:
        print(json.dumps({"percent": total, "items": items, "unparsed": unparsed, "skipped": tree.skipped}, indent=2))
    else:
        for found in items:
            if not found["documented"]:
                print(printable(f"undocumented: {found['file']}:{found['line']}: {found['kind']} {found['name']}"))
        for path in unparsed:
            print(printable(f"not parsed: {path}"))
        print(f"{done} of {len(items)} documented" + (f", {total} percent" if items else "") + tree.skipped_words())
    if not items:
        print("docs_coverage.py: nothing that a document could be about was found", file=sys.stderr)
        return 3
    return 1 if options.min is not None and total < options.min else 0


if __name__ == "__main__":
    sys.exit(main())
