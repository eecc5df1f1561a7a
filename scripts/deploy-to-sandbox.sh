#!/bin/sh
# deploy-to-sandbox.sh AGENCY BRANCH: puts a branch of an agency's project into a sandbox.
[ $# -ge 2 ] || { echo "usage: deploy-to-sandbox.sh AGENCY BRANCH" >&2; exit 2; }
exec "${AGENCY_BIN:-agency}" sandbox deploy "$@"
