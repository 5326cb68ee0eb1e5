#!/usr/bin/env bash
# Fetches a real Consul 1.8.7 for the conformance tests: the same code must talk to it and to our own registry.
#
# The binary comes from Debian 11, through the machine's own Debian mirror and with apt's signature checks, and
# lands in .cache/consul/consul. The host's apt stays untouched: sources, lists and cache are private to this script.
# Run it again at will: it does nothing when the binary is there and answers.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
home="$root/.cache/consul"
suite="bullseye"

say() { printf 'get-consul: %s\n' "$*" >&2; }
give_up() {
  say "$*"
  say "to repeat only this: bash tools/get-consul.sh (or set ENMESH_CONSUL_BIN to a Consul you have)"
  exit 1
}

answers() { [ -x "$1" ] && "$1" version >/dev/null 2>&1; }

if answers "$home/consul"; then
  say "$("$home/consul" version | head -n 1) is already in .cache/consul"
  exit 0
fi

for tool in apt-get dpkg-deb; do
  command -v "$tool" >/dev/null || give_up "$tool is missing: this script needs Debian's package tools"
done

# apt itself reads its sources, whichever format they are written in, and names each repository's address.
# The archive's address ends in /debian as a rule; a mirror behind another name is taken for want of a better.
mirror="$(
  apt-get indextargets --no-release-info --format '$(REPO_URI) $(COMPONENT)' |
    awk '$2 != "main" || $1 !~ /debian/ || $1 ~ /security|debug|ports/ { next }
         $1 ~ /\/debian\/?$/ { if (!best) best = $1 }
         { if (!any) any = $1 }
         END { print best ? best : any }'
)"
[ -n "$mirror" ] || give_up "no Debian mirror among this machine's apt sources"

keyring="$(ls /usr/share/keyrings/debian-archive-keyring.{gpg,pgp} 2>/dev/null | head -n 1 || true)"
[ -n "$keyring" ] || give_up "no Debian archive keys: install the package debian-archive-keyring"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$suite" >"$work/sources.list"

private_apt() {
  apt-get -q \
    -o Dir::Etc::SourceList="$work/sources.list" \
    -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$work/lists" \
    -o Dir::Cache="$work/cache" \
    -o APT::Sandbox::User="$(id -un)" \
    -o APT::Update::Error-Mode=any \
    -o Acquire::Languages=none \
    -o Acquire::Retries=3 \
    "$@"
}

say "reading the package list of $suite"
private_apt update >"$work/log" 2>&1 || { cat "$work/log" >&2; give_up "the package list of $suite cannot be read"; }

say "downloading consul"
(cd "$work" && private_apt download consul) >"$work/log" 2>&1 ||
  { cat "$work/log" >&2; give_up "the package consul cannot be downloaded"; }

dpkg-deb -x "$work"/consul_*.deb "$work/unpacked" || give_up "the package consul cannot be unpacked"
answers "$work/unpacked/usr/bin/consul" || give_up "the unpacked Consul does not run on this machine"

# Moved into place last and in one step, so that a reader never meets half a binary.
mkdir -p "$home"
cp "$work/unpacked/usr/bin/consul" "$home/.consul.$$"
mv -f "$home/.consul.$$" "$home/consul"
say "$("$home/consul" version | head -n 1) is now in .cache/consul"
