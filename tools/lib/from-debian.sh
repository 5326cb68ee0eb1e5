# Sourced by the scripts that fetch a real program for the conformance tests. It comes from a Debian package, through the
# machine's own Debian mirror and with apt's signature checks. The host's apt stays untouched: sources, lists and cache are
# private to the script. Nothing is installed.

say() { printf '%s: %s\n' "$self" "$*" >&2; }
give_up() {
  say "$*"
  say "to repeat only this: bash tools/$self.sh (or set $override to a program you have)"
  exit 1
}

# from_debian <suite> <package>: unpacks the package into "$work/unpacked".
from_debian() {
  local suite="$1" package="$2" tool mirror keyring
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

  say "reading the package list of $suite"
  private_apt update >"$work/log" 2>&1 || { cat "$work/log" >&2; give_up "the package list of $suite cannot be read"; }

  say "downloading $package"
  (cd "$work" && private_apt download "$package") >"$work/log" 2>&1 ||
    { cat "$work/log" >&2; give_up "the package $package cannot be downloaded"; }

  dpkg-deb -x "$work/${package}"_*.deb "$work/unpacked" || give_up "the package $package cannot be unpacked"
}

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

# keep <file> <target>: moved into place last and in one step, so that a reader never meets half a program.
keep() {
  mkdir -p "$(dirname "$2")"
  cp "$1" "$2.$$"
  mv -f "$2.$$" "$2"
}
