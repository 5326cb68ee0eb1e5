#!/usr/bin/env bash
# Fetches a real Prometheus for the tests that let it discover services through our registry. It is the one of Debian 11:
# those of later releases are built without its Consul discovery.
#
# It lands in .cache/prometheus/prometheus. Run it again at will: it does nothing when the binary is there and answers.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
self="get-prometheus"
override="ENMESH_PROMETHEUS_BIN"
. "$root/tools/lib/from-debian.sh"
program="$root/.cache/prometheus/prometheus"

answers() { [ -x "$1" ] && "$1" --version >/dev/null 2>&1; }

if answers "$program"; then
  say "$("$program" --version 2>&1 | head -n 1) is already in .cache/prometheus"
  exit 0
fi

from_debian bullseye prometheus
answers "$work/unpacked/usr/bin/prometheus" || give_up "the unpacked Prometheus does not run on this machine"
keep "$work/unpacked/usr/bin/prometheus" "$program"
say "$("$program" --version 2>&1 | head -n 1) is now in .cache/prometheus"
