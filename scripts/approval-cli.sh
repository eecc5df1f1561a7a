#!/bin/sh
# approval-cli.sh: what waits for your approval, one by one.
exec "${AGENCY_BIN:-agency}" approvals "$@"
