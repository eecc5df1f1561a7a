#!/bin/sh
# Measures how much of a project its tests reach, with the coverage tools that are installed.
set -u

usage() {
    cat <<'END'
usage: coverage.sh [--min PERCENT] [FOLDER]

Runs the project's tests in FOLDER, by default the current one, under what is installed:

  Python      coverage.py, else python3's own trace module
  Go          go test -cover
  Rust        cargo llvm-cov
  JavaScript  node --test --experimental-test-coverage (without a package.json: all *.test.js)

  --min PERCENT  fails if a measured total is below

Prints one line `LANGUAGE PERCENT` for each on standard output, everything else on standard error. Exit
status: 0 measured, 1 tests failed or too little is covered, 2 wrong use, 3 nothing could be measured.
END
}

min=0
folder=
while [ $# -gt 0 ]; do
    case "$1" in
        -h | --help) usage; exit 0 ;;
        --min) [ $# -ge 2 ] || { usage >&2; exit 2; }; min=$2; shift ;;
        -*) usage >&2; exit 2 ;;
        *) [ -z "$folder" ] || { usage >&2; exit 2; }; folder=$1 ;;
    esac
    shift
done
case "$min" in '' | *[!0-9]*) usage >&2; exit 2 ;; esac
cd "${folder:-.}" || exit 2

work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
has() { command -v "$1" >/dev/null 2>&1; }
skip() { echo "skipped: $*" >&2; }
measured=0
bad=0

# result LANGUAGE PERCENT: shows it and holds it against the minimum.
result() {
    percent=${2%\%}
    case "$percent" in
        '' | *[!0-9.]*) skip "$1: no total in the tool's output"; return ;;
    esac
    measured=1
    echo "$1 $percent"
    if [ "${percent%%.*}" -lt "$min" ]; then
        bad=1
        echo "coverage.sh: $1 is below $min percent" >&2
    fi
}

failed() {
    bad=1
    echo "coverage.sh: the $1 tests failed" >&2
    tail -n 20 "$work/out" >&2
}

# Counts lines of the project's own files that the trace module saw or did not see run.
trace_tests='
import os, sys, trace, unittest
root = os.getcwd()
sys.path.insert(0, root)
start = top = root
if os.path.isdir("tests") and not os.path.exists("tests/__init__.py"):
    start = top = os.path.join(root, "tests")
tracer = trace.Trace(count=1, trace=0, ignoredirs=[sys.prefix, sys.exec_prefix])
outcome = []
def tests():
    suite = unittest.defaultTestLoader.discover(start, top_level_dir=top)
    outcome.append(unittest.TextTestRunner(verbosity=0).run(suite))
tracer.runfunc(tests)
ran = {}
for (path, line), _ in tracer.results().counts.items():
    ran.setdefault(os.path.abspath(path), set()).add(line)
total = seen = 0
for folder, names, files in os.walk(root):
    names[:] = [n for n in names if not n.startswith(".") and n not in ("node_modules", "venv", "__pycache__")]
    for name in files:
        path = os.path.join(folder, name)
        if not name.endswith(".py") or name.startswith("test") or "/tests/" in path:
            continue
        try:
            lines = set(trace._find_executable_linenos(path))
        except (SyntaxError, UnicodeDecodeError) as error:
            print("not counted: %s: %s" % (path, error), file=sys.stderr)
            continue
        total += len(lines)
        seen += len(lines & ran.get(path, set()))
print("TOTAL %.1f" % (100.0 * seen / total if total else 100.0))
sys.exit(0 if outcome[0].wasSuccessful() and outcome[0].testsRun else 1)
'

if [ -n "$(find . -path ./.git -prune -o -name 'test_*.py' -print | head -n 1)" ]; then
    if has coverage && coverage --version >/dev/null 2>&1; then
        if has pytest && pytest --version >/dev/null 2>&1; then set -- pytest -q; else set -- unittest discover; fi
        if COVERAGE_FILE="$work/data" coverage run -m "$@" >"$work/out" 2>&1; then
            result python "$(COVERAGE_FILE="$work/data" coverage report | awk '/^TOTAL/ { print $NF }')"
        else failed Python
        fi
    elif has python3; then
        skip "coverage.py is not installed; python3's trace module counts lines of unittest tests instead"
        if PYTHONDONTWRITEBYTECODE=1 python3 -c "$trace_tests" >"$work/out" 2>"$work/err"; then
            result python "$(awk '/^TOTAL/ { print $2 }' "$work/out")"
        else
            cat "$work/err" >>"$work/out"
            failed Python
        fi
    else skip "Python: python3 is not installed"
    fi
fi

if [ -f go.mod ]; then
    if ! has go; then skip "Go: go is not installed"
    elif go test -coverprofile="$work/go" ./... >"$work/out" 2>&1; then
        result go "$(go tool cover -func="$work/go" | awk '/^total:/ { print $NF }')"
    else failed Go
    fi
fi

if [ -f Cargo.toml ]; then
    if ! has cargo || ! cargo llvm-cov --version >/dev/null 2>&1; then skip "Rust: cargo llvm-cov is not installed"
    elif cargo llvm-cov --summary-only >"$work/out" 2>/dev/null; then
        # Columns: file, then count, missed, percent for regions, functions, lines.
        result rust "$(awk '/^TOTAL/ { print $10 }' "$work/out")"
    else failed Rust
    fi
fi

if [ ! -f package.json ] && [ -n "$(find . -path ./.git -prune -o -name '*.test.*js' -print | head -n 1)" ]; then
    if ! has node; then skip "JavaScript: node is not installed"
    elif node --test --experimental-test-coverage --test-reporter=tap >"$work/out" 2>&1; then
        result javascript "$(awk -F'|' '/^# all files/ { gsub(/ /, "", $2); print $2 }' "$work/out")"
    else failed JavaScript
    fi
elif [ -f package.json ]; then
    skip "JavaScript: run the project's own coverage script, see package.json"
fi

if [ "$bad" = 0 ] && [ "$measured" = 0 ]; then
    echo "coverage.sh: nothing could be measured" >&2
    exit 3
fi
exit "$bad"
