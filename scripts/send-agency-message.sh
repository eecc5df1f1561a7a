#!/bin/sh
# send-agency-message.sh AGENCY AGENT TEXT: sends a message within an agency.
[ $# -ge 3 ] || { echo "usage: send-agency-message.sh AGENCY AGENT TEXT" >&2; exit 2; }
agency=$1 agent=$2 text=$3
shift 3
exec "${AGENCY_BIN:-agency}" send "$@" -- "$agency/$agent" "$text"
