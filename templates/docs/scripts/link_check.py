#!/usr/bin/env python3
"""Checks the links of a project's documents: files, anchors, images, references.

Reads Markdown, reStructuredText and HTML. A local link must lead to a file of the project, and its
anchor to a heading (by GitHub's rules) or a marked place of that file. Addresses outside are counted,
and asked only with --external. Links that a generator makes are not known. Nothing is executed or
changed. Needs only Python 3.9; git for the list of files where there is one.
"""

import argparse
import bisect
import concurrent.futures
import functools
import html.parser
import json
import os
import re
import stat
import subprocess
import sys
import unicodedata
import urllib.error
import urllib.parse
import urllib.request

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


MARKDOWN, RST, HTML = (".md", ".markdown", ".mdown"), (".rst",), (".html", ".htm")
IGNORE = re.compile(r"link-check:\s*ignore\s+\S")


@functools.lru_cache(maxsize=1)
def without_code(text):
    """Markdown with code blanked, lines kept: a link in an example is none."""
    lines, fence = text.splitlines(), None
    for number, line in enumerate(lines):
        mark = re.match(r"\s{0,12}(?:>\s{0,4})*(?:(?:[-*+]|\d{1,9}[.)])\s{1,4})*(`{3,}|~{3,})", line)
        if fence:
            closing = mark and mark.group(1)[0] == fence[0] and len(mark.group(1)) >= len(fence) and not line.strip().strip(fence[0])
            fence = None if closing else fence
            lines[number] = ""
        elif mark and not (mark.group(1)[0] == "`" and "`" in line[mark.end():]):
            fence, lines[number] = mark.group(1), ""
    # Comments too; a line that is indented by four may go on a list, and stays.
    text, parts, at = "\n".join(lines), [], 0
    while (begin := text.find("<!--", at)) >= 0 and (end := text.find("-->", begin)) >= 0:
        parts += [text[at:begin], re.sub(r"[^\n]", " ", text[begin : end + 3])]
        at = end + 3
    text = "".join(parts) + text[at:]
    return "".join(without_spans(part) for part in re.split(r"(\n[ \t]*\n)", text))


def without_spans(paragraph):
    """A paragraph with its code spans blanked: from a run of backticks to the next run that is as long."""
    runs, places = list(re.finditer(r"(?<!\\)`+", paragraph)), {}
    # The next one stands last, where taking it away costs nothing.
    for number in range(len(runs) - 1, -1, -1):
        places.setdefault(len(runs[number].group(0)), []).append(number)
    result, at, number = [], 0, 0
    while number < len(runs):
        same = places[len(runs[number].group(0))]
        while same and same[-1] <= number:
            same.pop()
        if same:
            begin, end = runs[number].start(), runs[same[-1]].end()
            result += [paragraph[at:begin], re.sub(r"[^\n]", "\x00", paragraph[begin:end])]
            at, number = end, same[-1]
        number += 1
    return "".join(result) + paragraph[at:]


def slug(heading):
    """GitHub's anchor of a heading: lower case, marks away, blanks to hyphens."""
    # A heading is a line; what is longer is none that anybody links to.
    heading = re.sub(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])", r"\1", heading[:500])
    heading = re.sub(r"<[^>]+>", "", heading)
    heading = re.sub(r"(?<!\w)([*_]{1,3})(?=\S)(.+?)(?<=\S)\1(?!\w)", r"\2", heading).replace("`", "")
    kept = [c for c in heading.strip().lower() if c in " -_" or unicodedata.category(c)[0] in "LNM" or unicodedata.category(c) == "Pc"]
    return "".join(kept).replace(" ", "-")


def numbered(slugs):
    """The second of the same name gets `-1`."""
    seen, result = {}, set()
    for name in slugs:
        count = seen.get(name, 0)
        own = f"{name}-{count}" if count else name
        while own in result:
            count += 1
            own = f"{name}-{count}"
        seen[name] = count + 1
        result.add(own)
    return result


class Page(html.parser.HTMLParser):
    """The links and anchors of HTML."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.links, self.anchors = [], set()

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if value is None:
                continue
            if name == "id" or (name == "name" and tag == "a"):
                self.anchors.add(value)
            elif (name == "href" and tag in ("a", "link", "area")) or (name == "src" and tag in ("img", "script", "source", "video", "audio", "iframe")):
                self.links.append((self.getpos()[0], value))


def read_html(text):
    page = Page()
    page.feed(text)
    return page.links, page.anchors, []


INLINE = re.compile(r"(?<!\\)\]\(\s*(<[^<>\n]*>|(?:[^\s()\\]|\\.|\((?:[^\s()\\]|\\.)*\))*)(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^)]*\)))?\s*\)")
DEFINITION = re.compile(r"^ {0,3}(?:>\s*)*\[((?:[^\[\]\\]|\\.){1,300})\]:\s*(<[^<>\n]*>|\S+)", re.M)
REFERENCE = re.compile(r"(?<![\\\]])\[((?:[^\[\]\\]|\\.|\[[^\[\]]{0,300}\](?:\([^()]{0,300}\))?){0,300})\]\[((?:[^\[\]\\]|\\.){0,300})\]")
AUTOLINK = re.compile(r"<((?:https?|ftp)://[^\s<>]+)>")


def label(text):
    return " ".join(text.lower().split())


def read_markdown(text):
    plain = without_code(text)
    ends = [mark.start() for mark in re.finditer("\n", plain)]
    at = lambda offset: bisect.bisect_left(ends, offset) + 1
    links = [(at(m.start(1)), m.group(1)) for m in INLINE.finditer(plain)]
    definitions = {}
    for match in DEFINITION.finditer(plain):
        if not match.group(1).startswith("^"):
            definitions.setdefault(label(match.group(1)), True)
            links.append((at(match.start()), match.group(2)))
    links += [(at(m.start(1)), m.group(1)) for m in AUTOLINK.finditer(plain)]
    undefined = []
    for match in REFERENCE.finditer(plain):
        name = label(match.group(2) or match.group(1))
        if name and "\x00" not in name and name not in definitions:
            undefined.append((at(match.start()), match.group(2) or match.group(1)))
    inner, anchors, _ = read_html(re.sub(r"<((?:https?|ftp)://[^\s<>]+)>", lambda m: " " * len(m.group(0)), plain.replace("\x00", " ")))
    headings = [m.group(1) for m in re.finditer(r"^ {0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$", code_kept(text), re.M)]
    return links + inner, anchors | numbered(in_order(text, headings)), undefined


def code_kept(text):
    """The text without its fenced blocks: a `#` in a shell example is no heading, code in a heading is part of it."""
    plain = without_code(text).splitlines()
    return "\n".join(line if kept.strip() else "" for line, kept in zip(text.splitlines(), plain))


def in_order(text, headings):
    """Slugs of headings, of both kinds, in the order of the text."""
    found, lines = [], code_kept(text).splitlines()
    for number, line in enumerate(lines):
        atx = re.match(r" {0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$", line)
        if atx:
            found.append(slug(atx.group(1)))
        elif re.match(r" {0,3}(?:=+|-{2,})\s*$", line) and number and lines[number - 1].strip() and not re.match(r"\s*(?:[-*+>|#]|\d+\.)", lines[number - 1]):
            found.append(slug(lines[number - 1]))
    return found if found else [slug(heading) for heading in headings]


def read_rst(text):
    links, anchors = [], set()
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        named = re.match(r"\s*\.\. _([^:]+):(?:\s+(\S+))?\s*$", line)
        if named:
            anchors.add(named.group(1).strip("`").lower())
            if named.group(2) and not named.group(2).endswith("_"):
                links.append((number, named.group(2)))
        directive = re.match(r"\s*\.\. (?:\|[^|]+\|\s+)?(?:image|figure|include|literalinclude)::\s+(\S+)", line)
        if directive:
            links.append((number, directive.group(1)))
        links += [(number, m.group(1)) for m in re.finditer(r"`[^`<]*<([^`>\s]+)>`_", line) if not m.group(1).endswith("_")]
        if number < len(lines) and re.fullmatch(r"([=\-~^\"'#*+.:`_])\1{2,}", lines[number].strip()) and line.strip():
            anchors.add(re.sub(r"[^a-z0-9]+", "-", line.strip().lower()).strip("-"))
    return links, anchors, []


def reader_for(path):
    name = path.lower()
    for endings, read in ((MARKDOWN, read_markdown), (RST, read_rst), (HTML, read_html)):
        if name.endswith(endings):
            return read
    return None


class Checker:
    def __init__(self, root):
        self.root, self.tree = root, Tree(root)
        self.paths = set(self.tree.paths())
        self.folders = {os.path.normpath(folder) for path in self.paths for folder in parents(path)}
        self.by_lower_case = {path.lower(): path for path in sorted(self.paths | self.folders)}
        self.pages, self.results = {}, []

    def page(self, path):
        """Links and anchors of a document, read once."""
        if path not in self.pages:
            read, text = reader_for(path), None
            text = self.tree.read(path) if read else None
            self.pages[path] = None if text is None else (*read(text), text.splitlines())
        return self.pages[path]

    def add(self, path, line, link, state, reason=None):
        self.results.append({"file": shown(path), "line": line, "link": link, "state": state, "reason": reason})

    def document(self, path):
        page = self.page(path)
        if page is None:
            return
        links, _, undefined, lines = page
        for line, link in sorted(set(links)):
            link = link[1:-1] if link.startswith("<") and link.endswith(">") else link
            if 0 < line <= len(lines) and IGNORE.search(lines[line - 1]):
                self.add(path, line, link, "ignored")
            else:
                self.link(path, line, link)
        for line, name in undefined:
            self.add(path, line, f"[{name}]", "undefined", "no such reference is defined in this file")

    def link(self, path, line, link):
        link = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", link.strip())
        if re.match(r"(?:https?:)?//", link, re.I):
            return self.add(path, line, link, "external")
        if re.match(r"[a-z][a-z0-9+.-]*:", link, re.I) or not link or "{{" in link or "${" in link or link.startswith("{"):
            return self.add(path, line, link, "skipped", "not a local file")
        target, _, anchor = link.partition("#")
        target = urllib.parse.unquote(target.partition("?")[0])
        anchor = urllib.parse.unquote(anchor)
        if not target:
            found = path
        elif target.startswith("/"):
            found = os.path.normpath(target.lstrip("/"))
        else:
            found = os.path.normpath(os.path.join(os.path.dirname(path), target))
        if found == ".." or found.startswith(".." + os.sep):
            return self.add(path, line, link, "broken", "leads out of the project")
        reason = self.missing(found, target)
        if reason:
            return self.add(path, line, link, "broken", reason)
        self.anchor(path, line, link, found, anchor)

    def missing(self, found, target):
        """Why a target is not there; none if it is. Only what belongs to the project counts."""
        if found == "." or found in self.folders:
            return None
        if found not in self.paths:
            near = self.by_lower_case.get(found.lower())
            return f"is written `{shown(near)}`" if near else "no such file"
        if target.endswith("/"):
            return "is a file, not a folder"
        full = os.path.join(self.root, found)
        real, root = os.path.realpath(full), os.path.realpath(self.root)
        if os.path.islink(full) and not real.startswith(root + os.sep):
            return "is a link out of the project"
        return None

    def anchor(self, path, line, link, found, anchor):
        if not anchor or re.fullmatch(r"L\d+(?:C\d+)?(?:-L\d+(?:C\d+)?)?", anchor) or anchor == "top":
            return self.add(path, line, link, "ok")
        page = self.page(found) if found in self.paths else None
        if page is None:
            return self.add(path, line, link, "ok")
        if anchor in page[1] or (anchor.lower() in page[1] and reader_for(found) is read_markdown):
            return self.add(path, line, link, "ok")
        return self.add(path, line, link, "broken", f"`{shown(found)}` has no heading or anchor `{anchor}`")


def parents(path):
    folder = os.path.dirname(path)
    while folder:
        yield folder
        folder = os.path.dirname(folder)


def ask(address, timeout):
    """Whether an address answers; none if it does, else why not."""
    for method in ("HEAD", "GET"):
        request = urllib.request.Request(address, method=method, headers={"User-Agent": "link_check"})
        try:
            with urllib.request.urlopen(request, timeout=timeout):
                return None
        except urllib.error.HTTPError as error:
            if method == "GET" or error.code not in (403, 405, 501):
                # Who has to sign in, or is asked too often, knows at least the address.
                return None if error.code in (401, 403, 429) else f"status {error.code}"
        except (OSError, ValueError) as error:
            return str(getattr(error, "reason", error))
    return None


def ask_all(results, timeout):
    addresses = sorted({r["link"].partition("#")[0] for r in results if r["state"] == "external" and r["link"].startswith("http")})
    with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
        answers = dict(zip(addresses, pool.map(lambda address: ask(address, timeout), addresses)))
    for result in results:
        reason = answers.get(result["link"].partition("#")[0])
        if result["state"] == "external" and reason:
            result["state"], result["reason"] = "broken", reason


def main():
    parser = argparse.ArgumentParser(
        description="Checks the links of a project's documents.",
        epilog="`link-check: ignore REASON` on a line, say in a comment, leaves its links out. "
        "exit status: 0 no broken link, 1 broken links, 2 wrong use",
    )
    parser.add_argument("folder", nargs="?", default=".", help="the project (default: here)")
    parser.add_argument("--only", metavar="PATH", action="append", default=[], help="only this document; may be given more than once")
    parser.add_argument("--external", action="store_true", help="ask addresses outside too: goes to the network")
    parser.add_argument("--timeout", type=float, default=10, metavar="S", help="of one address (default: 10)")
    parser.add_argument("--strict", action="store_true", help="undefined references fail too")
    parser.add_argument("--all", action="store_true", help="name the good links too")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output, every link in it")
    options = parser.parse_args()
    if not os.path.isdir(options.folder):
        print(f"link_check.py: {printable(shown(options.folder))} is not a folder", file=sys.stderr)
        return 2
    checker = Checker(options.folder)
    only = [os.path.normpath(path) for path in options.only]
    unknown = [path for path in only if path not in checker.paths]
    if unknown:
        print(f"link_check.py: no such document: {printable(shown(unknown[0]))}", file=sys.stderr)
        return 2
    documents = sorted(path for path in (only or checker.paths) if reader_for(path))
    for path in documents:
        checker.document(path)
    if options.external:
        ask_all(checker.results, options.timeout)
    counts = {}
    for result in checker.results:
        counts[result["state"]] = counts.get(result["state"], 0) + 1
    if options.json:
        print(json.dumps({"documents": len(documents), "counts": counts, "links": checker.results, "skipped": checker.tree.skipped}, indent=2))
    else:
        for result in checker.results:
            if options.all or result["state"] in ("broken", "undefined"):
                reason = f": {result['reason']}" if result["reason"] else ""
                print(printable(f"{result['state']}: {result['file']}:{result['line']}: {result['link']}{reason}"))
        words = ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "no links"
        print(f"{len(documents)} documents: {words}{checker.tree.skipped_words()}")
    failing = ("broken", "undefined") if options.strict else ("broken",)
    return 1 if any(counts.get(state) for state in failing) else 0


if __name__ == "__main__":
    sys.exit(main())
