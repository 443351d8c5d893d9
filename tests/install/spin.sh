#!/usr/bin/env bash
# Makes spin and a C compiler available, with which the Promela twin of the handoff is checked (spin writes a checker in C).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/install/apt.sh
. "$here/apt.sh"

command -v spin >/dev/null || apt_install spin
# -E is what spin itself calls; a compiler without the C library's headers is no use here.
echo '#include <stdio.h>' | gcc -E -x c - >/dev/null 2>&1 || apt_install gcc libc6-dev
