#!/bin/sh
# broadcast-agency.sh FROM JSON: sends a message to everyone.
[ $# -ge 2 ] || { echo "usage: broadcast-agency.sh FROM JSON" >&2; exit 2; }
from=$1 json=$2
shift 2
exec "${AGENCY_BIN:-agency}" send --from "$from" "$@" -- '*' "$json"
