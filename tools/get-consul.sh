#!/usr/bin/env bash
# Fetches a real Consul 1.8.7 (Debian 11) for the conformance tests: the same code must talk to it and to our own registry.
#
# It lands in .cache/consul/consul. Run it again at will: it does nothing when the binary is there and answers.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
self="get-consul"
override="ENMESH_CONSUL_BIN"
. "$root/tools/lib/from-debian.sh"
program="$root/.cache/consul/consul"

answers() { [ -x "$1" ] && "$1" version >/dev/null 2>&1; }

if answers "$program"; then
  say "$("$program" version | head -n 1) is already in .cache/consul"
  exit 0
fi

from_debian bullseye consul
answers "$work/unpacked/usr/bin/consul" || give_up "the unpacked Consul does not run on this machine"
keep "$work/unpacked/usr/bin/consul" "$program"
say "$("$program" version | head -n 1) is now in .cache/consul"
