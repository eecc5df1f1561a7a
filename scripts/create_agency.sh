#!/bin/sh
# create_agency.sh NAME [--agents a,b] [--coordinator c] [--capabilities x,y] …: makes an agency.
exec "${AGENCY_BIN:-agency}" create "$@"
