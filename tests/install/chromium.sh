#!/usr/bin/env bash
# Makes Debian's Chromium available, with which the dashboard's tests look at its pages.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/install/apt.sh
. "$here/apt.sh"

# A font too: without one every text is drawn as boxes of no height.
command -v chromium >/dev/null || apt_install chromium fonts-dejavu-core
