#!/bin/sh
# send-inter-agency.sh FROM TO JSON: sends a message from one agency to another.
[ $# -ge 3 ] || { echo "usage: send-inter-agency.sh FROM TO JSON" >&2; exit 2; }
from=$1 to=$2 json=$3
shift 3
exec "${AGENCY_BIN:-agency}" send --from "$from" "$@" -- "$to" "$json"
