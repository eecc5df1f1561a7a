#!/bin/sh
# Runs every tests/*.t in one shell; prints TAP, fails if a test fails.
cd "$(dirname "$0")/.." || exit 2
. tests/tap.sh
for file in tests/*.t; do
    . "./$file"
done
finish
