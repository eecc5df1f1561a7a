#!/bin/sh
# Looks for what nobody wants in a commit. Replace it with what your agency should check.
set -u

usage() {
    cat <<'END'
usage: check.sh [FOLDER]

Looks through the text files that git knows in FOLDER, by default the current one, for
conflict markers that a merge has left.

Exit status: 0 nothing was found, 1 something was, 2 wrong use.
END
}

case "${1-}" in
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
esac
[ $# -le 1 ] || { usage >&2; exit 2; }
cd "${1:-.}" 2>/dev/null || { usage >&2; exit 2; }
git rev-parse --is-inside-work-tree >/dev/null 2>&1 || { echo "no git work tree" >&2; exit 2; }

# `git grep` ends with 0 when it found something, with 1 when not.
git grep -n -I -E '^(<{7}|>{7}) ' -- .
case $? in
    0) echo "conflict markers are left" >&2; exit 1 ;;
    1) echo "nothing found"; exit 0 ;;
    *) exit 2 ;;
esac
