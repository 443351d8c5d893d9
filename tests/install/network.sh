#!/usr/bin/env bash
# Makes iproute2 available, with which the lab's network namespace is made, and says so if this machine cannot have one.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/install/apt.sh
. "$here/apt.sh"
PATH="$PATH:/usr/sbin:/sbin"

command -v ip >/dev/null || apt_install iproute2
[ "$(id -u)" = 0 ] || fail "the lab makes a network namespace and taps, which needs root"
[ -e /dev/net/tun ] || fail "/dev/net/tun is missing: load the tun module (modprobe tun), or give the container that device"
