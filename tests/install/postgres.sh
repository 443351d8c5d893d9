#!/usr/bin/env bash
# Makes PostgreSQL's programs (initdb, postgres) available to the tests, which run servers of their own in temporary directories. An installed package is used as it is. Otherwise Debian's package is
# unpacked, never installed: installing it would create a cluster under /etc/postgresql and start the system's service. Not under ~/.cache like the rest: the server refuses to run as root, and other
# accounts cannot enter root's home.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/install/apt.sh
. "$here/apt.sh"

root="${COORDINATOR_POSTGRES:-/var/tmp/coordinator-postgres-$(id -u)}"

programs() { compgen -G '/usr/lib/postgresql/*/bin/initdb' || compgen -G "$root/usr/lib/postgresql/*/bin/initdb"; }

# The server's packages and each library of theirs that this system lacks: apt's own resolver says so, in a simulation.
wanted_packages() {
    apt-get -s --no-install-recommends install "$1" 2>/dev/null | sed -nE 's/^Inst ([^ ]+) (\[[^]]*\] )?\(([^ ]+) .*/\1=\3/p' |
        grep -vE '^(adduser|debconf|init-system-helpers|netbase|perl|perl-modules.*|libjson-perl|lsb-base|ssl-cert|sysvinit-utils|postgresql-common|postgresql-client-common|locales.*)='
}

server_package() { apt-cache depends postgresql 2>/dev/null | sed -nE 's/^ *Depends: (postgresql-[0-9]+)$/\1/p' | head -1; }

unpack() {
    local package packages deb program
    package=$(server_package)
    [ -n "$package" ] || { apt_update; package=$(server_package); }
    [ -n "$package" ] || fail "the apt sources have no postgresql: Debian's main archive is needed"
    say "postgres: unpacking $package into $root"
    rm -rf "$root.new"
    mkdir -p "$root.new"
    chmod 755 "$root.new"
    packages=$(wanted_packages "$package")
    # shellcheck disable=SC2086
    if ! apt_download "$root.new/debs" -- $packages 2>/dev/null; then
        apt_update
        packages=$(wanted_packages "$package")
        # shellcheck disable=SC2086
        apt_download "$root.new/debs" -- $packages || fail "$package could not be downloaded"
    fi
    for deb in "$root.new"/debs/*.deb; do dpkg -x "$deb" "$root.new"; done
    rm -rf "$root.new/debs"
    program=$(compgen -G "$root.new/usr/lib/postgresql/*/bin/postgres")
    if LD_LIBRARY_PATH="$root.new/usr/lib/x86_64-linux-gnu" ldd "$program" | grep 'not found' >&2; then
        fail "the unpacked PostgreSQL lacks the libraries above"
    fi
    LD_LIBRARY_PATH="$root.new/usr/lib/x86_64-linux-gnu" "$program" --version >&2
    mv "$root.new" "$root"
}

started=$(now_ms)
if ! programs >/dev/null; then
    exclusively postgres
    programs >/dev/null || unpack
    say "postgres: ready in $(seconds $(($(now_ms) - started))), downloads $(seconds $download_ms) of it"
fi
