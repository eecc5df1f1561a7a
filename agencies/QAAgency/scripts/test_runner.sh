#!/bin/sh
# Finds a project's tests, runs them, and writes a report that can be handed in as evidence.
# shellcheck disable=SC2016 # programs for other shells stand in single quotes
set -u

usage() {
    cat <<'END'
usage: test_runner.sh [--report FILE] [--list] [FOLDER]

Runs every kind of test that it finds in FOLDER, by default the current one:

  run-tests.sh or tests/run.sh        sh
  Cargo.toml                          cargo test
  package.json with a test script     npm test
  go.mod                              go test ./...
  pytest.ini, pyproject.toml, setup.py, setup.cfg or tests/test_*.py
                                      pytest, else python3 -m unittest
  *.test.js without package.json      node --test
  t/*.t                               prove
  Makefile with a target `test`       make test (only if nothing else was found)

  --report FILE  writes a Markdown report: commit, commands, status, time, the end of each output
  --list         only names the commands

Exit status: 0 every command passed, 1 one failed, 2 wrong use, 3 no tests were found.
END
}

report=
list=0
folder=
while [ $# -gt 0 ]; do
    case "$1" in
        -h | --help) usage; exit 0 ;;
        --report) [ $# -ge 2 ] || { usage >&2; exit 2; }; report=$2; shift ;;
        --list) list=1 ;;
        -*) usage >&2; exit 2 ;;
        *) [ -z "$folder" ] || { usage >&2; exit 2; }; folder=$1 ;;
    esac
    shift
done
# The report lies where the caller stands, not where the tests do.
case "$report" in '' | /*) ;; *) report=$PWD/$report ;; esac
cd "${folder:-.}" || exit 2

work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
has() { command -v "$1" >/dev/null 2>&1; }
exists() { [ -e "$1" ]; }
count=0
failed=0
: >"$work/body"
# Before anything runs: tests may leave files behind.
commit=$(git rev-parse HEAD 2>/dev/null || echo 'not a git repository')
clean=yes
[ -z "$(git status --porcelain 2>/dev/null)" ] || clean='no, there are uncommitted changes'

# run COMMAND...: once, with its output shown, kept and timed.
run() {
    count=$((count + 1))
    if [ "$list" = 1 ]; then
        printf '%s\n' "$*"
        return
    fi
    printf '== %s\n' "$*"
    began=$(date +%s)
    # The status has to come past the pipe.
    { "$@" 2>&1; echo $? >"$work/status"; } | tee "$work/out"
    status=$(cat "$work/status")
    took=$(($(date +%s) - began))
    word=passed
    [ "$status" = 0 ] || { word=failed; failed=$((failed + 1)); }
    printf '== %s: %s (status %s, %s s)\n' "$*" "$word" "$status" "$took"
    {
        printf '\n## `%s`: %s\n\nStatus %s after %s s. The end of its output:\n\n' "$*" "$word" "$status" "$took"
        # Four blanks make it a code block, whatever is in it.
        tail -n 40 "$work/out" | tr -d '\000-\010\013-\037' | sed 's/^/    /'
    } >>"$work/body"
}

has_npm_test() {
    has node && node -e '
        const scripts = JSON.parse(require("fs").readFileSync("package.json", "utf8")).scripts || {};
        process.exit(scripts.test && !/no test specified/.test(scripts.test) ? 0 : 1)' 2>/dev/null
}

has_python_tests() {
    exists pytest.ini || exists setup.py || exists setup.cfg || grep -qs pytest pyproject.toml \
        || exists "$(find . -path ./node_modules -prune -o -path ./.git -prune -o -name 'test_*.py' -print | head -n 1)"
}

missing() { echo "skipped: $*" >&2; printf '\nSkipped: %s.\n' "$*" >>"$work/body"; }

if exists run-tests.sh; then run sh run-tests.sh
elif exists tests/run.sh; then run sh tests/run.sh
fi
if exists Cargo.toml; then
    if has cargo; then run cargo test --quiet; else missing "Cargo.toml is there, cargo is not installed"; fi
fi
if exists package.json; then
    if ! has npm; then missing "package.json is there, npm is not installed"
    elif has_npm_test; then run npm test --silent
    fi
elif [ -n "$(find . -path ./.git -prune -o -name '*.test.*js' -print | head -n 1)" ]; then
    if has node; then run node --test; else missing "*.test.js are there, node is not installed"; fi
fi
if exists go.mod; then
    if has go; then run go test ./...; else missing "go.mod is there, go is not installed"; fi
fi
if has_python_tests; then
    if has pytest && pytest --version >/dev/null 2>&1; then run pytest -q
    elif ! has python3; then missing "Python tests are there, python3 is not installed"
    elif exists tests && ! exists tests/__init__.py; then run env PYTHONPATH=. python3 -m unittest discover -s tests
    else run python3 -m unittest discover
    fi
fi
if exists "$(find t -name '*.t' 2>/dev/null | head -n 1)"; then
    if has prove; then run prove -r t; else missing "t/*.t are there, prove is not installed"; fi
fi
if [ "$count" = 0 ] && grep -qs '^test *:' Makefile makefile; then
    if has make; then run make test; else missing "a Makefile is there, make is not installed"; fi
fi

if [ "$count" = 0 ]; then
    echo "test_runner.sh: no tests were found in $PWD; nothing is proven" >&2
    exit 3
fi
[ "$list" = 0 ] || exit 0

passed=$((count - failed))
if [ -n "$report" ]; then
    {
        echo "# Test report"
        echo
        echo "- commit: $commit"
        echo "- clean: $clean"
        echo "- made: $(date -u +%Y-%m-%dT%H:%M:%SZ) on $(uname -sm)"
        echo "- commands: $count, passed: $passed, failed: $failed"
        cat "$work/body"
    } >"$work/report" && mkdir -p "$(dirname "$report")" && cp "$work/report" "$report" || exit 1
    echo "report: $report"
fi
echo "$count commands, $passed passed, $failed failed"
[ "$failed" = 0 ]
