#!/bin/sh
# Runs the linters that are installed, for the languages that a folder's files are written in.
# shellcheck disable=SC2016 # programs for other shells stand in single quotes
set -u

usage() {
    cat <<'END'
usage: linter.sh [FOLDER]

Looks at the files of the git repository (untracked ones too, ignored ones not) in FOLDER, by
default the current one, and runs what is installed:

  Python      ruff, else flake8, else python3's own compiler (syntax only)
  JavaScript  eslint of the project, else node --check (syntax only)
  Go          gofmt -l and go vet
  Rust        cargo clippy with warnings denied
  Shell       shellcheck, else sh -n (syntax only)

What cannot be checked is said on standard error. Nothing is changed and nothing is installed.
Exit status: 0 nothing found, 1 findings, 2 wrong use.
END
}

case "${1:-}" in
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
esac
[ $# -le 1 ] || { usage >&2; exit 2; }
cd "${1:-.}" || exit 2
git rev-parse --is-inside-work-tree >/dev/null 2>&1 || { echo "linter.sh: not in a git repository" >&2; exit 2; }

findings=0
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

has() { command -v "$1" >/dev/null 2>&1; }
skip() { echo "skipped: $*" >&2; }

# The files that match, one path after the other with NUL between; true if there is one.
files() {
    git ls-files -z --cached --others --exclude-standard -- "$@" >"$work/all"
    # A file that is deleted but still in the index is no file any more; `./` keeps a name that
    # begins with `-` from being an option.
    xargs -0 sh -c 'for f do [ -f "$f" ] && printf "./%s\0" "$f"; done; true' sh <"$work/all" >"$work/files"
    [ -s "$work/files" ]
}

# run NAME COMMAND...: the command gets the files; what it finds is shown.
run() {
    name=$1
    shift
    if xargs -0 "$@" <"$work/files" >"$work/out" 2>&1; then
        echo "ok: $name"
    else
        findings=1
        echo "findings: $name"
        sed 's/^/  /' "$work/out"
    fi
}

# Syntax only, and no .pyc is left behind.
python_syntax='
import sys
bad = 0
for path in sys.argv[1:]:
    try:
        with open(path, "rb") as source:
            compile(source.read(), path, "exec")
    except (SyntaxError, ValueError) as error:
        bad = 1
        print("%s:%s: %s" % (path, getattr(error, "lineno", None) or 1, getattr(error, "msg", error)))
sys.exit(bad)
'

if files '*.py'; then
    if has ruff; then run ruff ruff check --quiet --no-cache
    elif has flake8; then run flake8 flake8
    elif has python3; then
        run 'python3 (syntax)' python3 -c "$python_syntax"
        skip "Python style: neither ruff nor flake8 is installed"
    else skip "Python: none of ruff, flake8, python3 is installed"
    fi
fi

if files '*.js' '*.mjs' '*.cjs' '*.jsx' '*.ts' '*.tsx'; then
    if [ -x node_modules/.bin/eslint ]; then run eslint node_modules/.bin/eslint
    elif files '*.js' '*.mjs' '*.cjs' && has node; then
        run 'node --check' sh -c 'bad=0; for f do node --check "$f" || bad=1; done; exit $bad' sh
        skip "JavaScript style, TypeScript: eslint is not installed in this project"
    else skip "JavaScript/TypeScript: neither the project's eslint nor node is there"
    fi
fi

if files '*.go'; then
    if has gofmt; then
        run gofmt sh -c 'out=$(gofmt -l "$@" 2>&1); [ -z "$out" ] || { printf "%s\n" "$out"; exit 1; }' sh
    else skip "Go format: gofmt is not installed"
    fi
    if has go && [ -f go.mod ]; then
        printf './...\0' >"$work/files"
        run 'go vet' go vet
    else skip "go vet: go is not installed, or there is no go.mod here"
    fi
fi

if [ -f Cargo.toml ]; then
    if has cargo && cargo clippy --version >/dev/null 2>&1; then
        printf 'warnings\0' >"$work/files"
        run 'cargo clippy' cargo clippy --quiet --all-targets -- -D
    else skip "Rust: cargo clippy is not installed"
    fi
fi

if files '*.sh' '*.bash'; then
    if has shellcheck; then run shellcheck shellcheck --
    else
        run 'sh -n (syntax)' sh -c 'bad=0; for f do sh -n "$f" || bad=1; done; exit $bad' sh
        skip "Shell style: shellcheck is not installed"
    fi
fi

exit "$findings"
