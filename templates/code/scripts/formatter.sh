#!/bin/sh
# Formats files with the formatters that are installed, or says what they would change.
# shellcheck disable=SC2016 # programs for other shells stand in single quotes
set -u

usage() {
    cat <<'END'
usage: formatter.sh [--check] [FOLDER]

Formats the files of the git repository (untracked ones too, ignored ones not) in FOLDER, by
default the current one, with what is installed:

  Python      ruff format, else black (and isort)
  JavaScript  prettier of the project
  Go          gofmt
  Rust        cargo fmt
  every text  no white space at the end of a line, one newline at the end of the file
              (not Markdown, where two blanks at the end of a line mean something, nor *.diff
              and *.patch)

  --check     changes nothing; names the files that would be changed

What cannot be done is said on standard error. Exit status: 0 done or nothing to do,
1 --check found something or a formatter failed, 2 wrong use.
END
}

check=0
folder=
for argument do
    case "$argument" in
        -h | --help) usage; exit 0 ;;
        --check) check=1 ;;
        -*) usage >&2; exit 2 ;;
        *) [ -z "$folder" ] || { usage >&2; exit 2; }; folder=$argument ;;
    esac
done
cd "${folder:-.}" || exit 2
git rev-parse --is-inside-work-tree >/dev/null 2>&1 || { echo "formatter.sh: not in a git repository" >&2; exit 2; }

bad=0
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

has() { command -v "$1" >/dev/null 2>&1; }
skip() { echo "skipped: $*" >&2; }

files() {
    git ls-files -z --cached --others --exclude-standard -- "$@" >"$work/all"
    # Links are left alone: what they point to may lie outside.
    xargs -0 sh -c 'for f do [ -f "$f" ] && [ ! -L "$f" ] && printf "./%s\0" "$f"; done; true' sh <"$work/all" >"$work/files"
    [ -s "$work/files" ]
}

# run NAME COMMAND...: the command gets the files; its output is shown when it fails.
run() {
    name=$1
    shift
    if xargs -0 "$@" <"$work/files" >"$work/out" 2>&1; then
        echo "ok: $name"
    else
        bad=1
        echo "not formatted: $name"
        sed 's/^/  /' "$work/out"
    fi
}

either() { if [ "$check" = 1 ]; then echo "$1"; else echo "$2"; fi; }

if files '*.py'; then
    # shellcheck disable=SC2046 # an empty word must vanish
    if has ruff; then run 'ruff format' ruff format --quiet --no-cache $(either --check '')
    elif has black; then
        run black black --quiet $(either --check '')
        has isort && run isort isort --quiet $(either --check '')
    else skip "Python: neither ruff nor black is installed"
    fi
fi

if files '*.js' '*.mjs' '*.cjs' '*.jsx' '*.ts' '*.tsx' '*.css'; then
    if [ -x node_modules/.bin/prettier ]; then
        run prettier node_modules/.bin/prettier "$(either --check --write)"
    else skip "JavaScript/TypeScript: prettier is not installed in this project"
    fi
fi

if files '*.go'; then
    if has gofmt && [ "$check" = 1 ]; then
        run gofmt sh -c 'out=$(gofmt -l "$@" 2>&1); [ -z "$out" ] || { printf "%s\n" "$out"; exit 1; }' sh
    elif has gofmt; then run gofmt gofmt -w
    else skip "Go: gofmt is not installed"
    fi
fi

if [ -f Cargo.toml ]; then
    if has cargo && cargo fmt --version >/dev/null 2>&1; then
        # shellcheck disable=SC2046
        if cargo fmt --all $(either --check '') >"$work/out" 2>&1; then echo "ok: cargo fmt"
        else bad=1; echo "not formatted: cargo fmt"; sed 's/^/  /' "$work/out"
        fi
    else skip "Rust: cargo fmt is not installed"
    fi
fi

trim='{ sub(/[ \t]+$/, "") } /^$/ { blank++; next } { while (blank > 0) { print ""; blank-- } print }'
# grep -I leaves binary files out.
tidy='
bad=0
check=$1
shift
for f do
    [ -s "$f" ] && grep -Iq "" "$f" || continue
    LC_ALL=C awk "$TRIM" "$f" >"$WORK/tidy" || { bad=1; continue; }
    cmp -s "$f" "$WORK/tidy" && continue
    printf "%s\n" "$f"
    if [ "$check" = 1 ]; then bad=1; else cat "$WORK/tidy" >"$f" || bad=1; fi
done
exit $bad
'
if files ':(exclude)*.md' ':(exclude)*.diff' ':(exclude)*.patch'; then
    if WORK="$work" TRIM="$trim" xargs -0 sh -c "$tidy" sh "$check" <"$work/files" >"$work/out" 2>&1; then
        echo "ok: white space"
        [ "$check" = 1 ] || sed 's/^/  tidied /' "$work/out"
    else
        bad=1
        echo "not formatted: white space"
        sed 's/^/  /' "$work/out"
    fi
fi

exit "$bad"
