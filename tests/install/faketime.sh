#!/usr/bin/env bash
# Makes libfaketime available, by which a process of a test lives at another time than the rest of the machine.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/install/apt.sh
. "$here/apt.sh"

for library in /usr/lib/*-linux-gnu/faketime/libfaketimeMT.so.1; do
    [ ! -e "$library" ] || exit 0
done
apt_install faketime
