#!/usr/bin/env bash
# Makes systemd-analyze available, which judges units without systemd running, and setpriv.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/install/apt.sh
. "$here/apt.sh"

command -v systemd-analyze >/dev/null || apt_install systemd
command -v setpriv >/dev/null || apt_install util-linux
