#!/usr/bin/env bash
# Makes docker-compose, curl, prometheus and promtool available, which judge docker/ without a docker daemon. Prometheus is unpacked and never installed: its package starts a service.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/install/apt.sh
. "$here/apt.sh"

root=$cache_root/prometheus
command -v docker-compose >/dev/null || apt_install docker-compose
command -v curl >/dev/null || apt_install curl
[ ! -x "$root/bin/prometheus" ] || exit 0
exclusively prometheus
[ ! -x "$root/bin/prometheus" ] || exit 0
if command -v prometheus >/dev/null && command -v promtool >/dev/null; then
    mkdir -p "$root/bin"
    ln -sf "$(command -v prometheus)" "$(command -v promtool)" "$root/bin/"
    exit 0
fi
say "prometheus: unpacking into $root"
rm -rf "$root.new"
mkdir -p "$root.new"
apt_knows prometheus || apt_update
if ! apt_download "$root.new" -- prometheus 2>/dev/null; then
    apt_update
    apt_download "$root.new" -- prometheus || fail "prometheus could not be downloaded"
fi
for deb in "$root.new"/*.deb; do dpkg -x "$deb" "$root.new" && rm "$deb"; done
ln -s usr/bin "$root.new/bin"
"$root.new/bin/promtool" --version >/dev/null || fail "the unpacked Prometheus does not run"
mv "$root.new" "$root"
