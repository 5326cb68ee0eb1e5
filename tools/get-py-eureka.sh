#!/usr/bin/env bash
# Fetches py_eureka_client, a Eureka client for Python, for the conformance tests of the registry's Eureka API.
#
# It lands in .cache/py-eureka, with pinned versions and checked hashes (tools/py-eureka.txt); the machine's own Python
# packages stay untouched. Run it again at will: it does nothing when the client is there and loads.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
home="$root/.cache/py-eureka"

say() { printf 'get-py-eureka: %s\n' "$*" >&2; }
give_up() {
  say "$*"
  say "to repeat only this: bash tools/get-py-eureka.sh"
  exit 1
}

loads() { PYTHONPATH="$1" python3 -c 'import py_eureka_client.eureka_client' >/dev/null 2>&1; }

command -v python3 >/dev/null || give_up "python3 is missing"

if loads "$home"; then
  say "py_eureka_client is already in .cache/py-eureka"
  exit 0
fi

mkdir -p "$root/.cache"
work="$(mktemp -d "$root/.cache/py-eureka.XXXXXX")"
trap 'rm -rf "$work"' EXIT

say "installing py_eureka_client"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --only-binary=:all: \
  --no-deps --require-hashes --requirement "$root/tools/py-eureka.txt" --target "$work/lib" >"$work/log" 2>&1 ||
  { cat "$work/log" >&2; give_up "py_eureka_client cannot be installed"; }
loads "$work/lib" || give_up "the installed py_eureka_client does not load"

# Moved into place last and in one step, so that a reader never meets half a library.
rm -rf "$home"
mv "$work/lib" "$home"
say "py_eureka_client is now in .cache/py-eureka"
