#!/usr/bin/env bash
# Makes two QEMU versions available:
#   - the system's qemu-system-x86 (7.2 on Debian bookworm), installed when there is none;
#   - where that is older than 8: QEMU 10 from bookworm-backports, unpacked (never installed) under
#     ${COORDINATOR_CACHE:-~/.cache/coordinator}/qemu-10, run by qemu-10/bin/qemu-system-x86_64.
# Both are supported, and they differ in what a coordinator must cope with: events, migration states, capabilities.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/install/apt.sh
. "$here/apt.sh"

root="$cache_root/qemu-10"
wrapper="$root/bin/qemu-system-x86_64"

major_of() { "$1" --version 2>/dev/null | sed -nE '1s/.*version ([0-9]+)\..*/\1/p'; }

install_system() {
    command -v qemu-system-x86_64 >/dev/null && return
    apt_install qemu-system-x86
    say "qemu: $(qemu-system-x86_64 --version | head -1)"
}

# The mirror is read from the machine's own entry for bookworm, in whichever format it is written.
mirror() {
    # shellcheck disable=SC2016 # apt expands these
    apt-get indextargets --no-release-info --format '$(CREATED_BY) $(REPO_URI) $(RELEASE)' |
        sed -nE 's/^Packages (.*) bookworm$/\1/p' | head -1
}

# What has to be unpacked: QEMU 10's packages, and each library of theirs that this system lacks or has too old. apt's own resolver says
# so, in a simulation against the private lists; QEMU's data packages come along because their files must fit the version.
wanted_packages() {
    apt-get "$@" -s --no-install-recommends install -t bookworm-backports qemu-system-x86 qemu-system-common qemu-system-data |
        sed -nE 's/^Inst ([^ ]+) (\[[^]]*\] )?\(([^ ]+) .*/\1=\3/p'
}

unpack_backports() {
    local uri keyring work options packages started deb loader_path
    uri=$(mirror)
    [ -n "$uri" ] || fail "the system's QEMU is older than 8 and its apt sources name no Debian bookworm, so QEMU 10 cannot be fetched: install QEMU 8 or newer and put it first on PATH"
    say "qemu: unpacking QEMU 10 from bookworm-backports into $root"
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    work="$cache_root/apt-backports"
    mkdir -p "$work/lists/partial" "$work/archives/partial"
    {
        for suite in bookworm bookworm-backports; do
            echo "deb $([ -r $keyring ] && echo "[signed-by=$keyring] ")$uri $suite main"
        done
    } >"$work/sources.list"
    options=(-o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists"
        -o "Dir::Cache=$work" -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false)
    started=$(now_ms)
    # The system's lists are a head start: what is unchanged is not downloaded again.
    cp /var/lib/apt/lists/*_bookworm_* "$work/lists/" 2>/dev/null || true
    apt_retry apt-get "${options[@]}" update || fail "the package lists of bookworm-backports could not be read"
    download_ms=$((download_ms + $(now_ms) - started))
    packages=$(wanted_packages "${options[@]}")
    case "$packages" in *qemu-system-x86=*) ;; *) fail "bookworm-backports offers no newer qemu-system-x86 than the system's" ;; esac
    rm -rf "$root" "$root.new" "$work/debs"
    # shellcheck disable=SC2086
    apt_download "$work/debs" "${options[@]}" -- $packages || fail "QEMU 10 could not be downloaded"
    for deb in "$work"/debs/*.deb; do dpkg -x "$deb" "$root.new"; done
    rm -rf "$work/debs"
    mkdir -p "$root.new/bin"
    cat >"$root.new/bin/qemu-system-x86_64" <<'WRAPPER'
#!/bin/sh
# QEMU unpacked beside the installed one. exec keeps the process id, so whoever started this owns QEMU itself.
root=$(dirname "$(dirname "$(readlink -f "$0")")")
LD_LIBRARY_PATH="$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
QEMU_MODULE_DIR="$root/usr/lib/x86_64-linux-gnu/qemu"
export LD_LIBRARY_PATH QEMU_MODULE_DIR
exec "$root/usr/bin/qemu-system-x86_64" -L "$root/usr/share/qemu" -L "$root/usr/share/seabios" -L "$root/usr/lib/ipxe/qemu" \
    -L /usr/share/seabios -L /usr/lib/ipxe/qemu "$@"
WRAPPER
    chmod 755 "$root.new/bin/qemu-system-x86_64"
    loader_path="$root.new/usr/lib/x86_64-linux-gnu:$root.new/lib/x86_64-linux-gnu"
    if LD_LIBRARY_PATH="$loader_path" ldd "$root.new/usr/bin/qemu-system-x86_64" | grep 'not found' >&2; then
        fail "the unpacked QEMU lacks the libraries above"
    fi
    [ "$(major_of "$root.new/bin/qemu-system-x86_64")" -ge 8 ] || fail "the unpacked QEMU does not start or is older than 8"
    mv "$root.new" "$root"
    say "qemu: $("$wrapper" --version | head -1)"
}

[ "$(uname -m)" = x86_64 ] || fail "the lab guests are x86_64 only"
started=$(now_ms)
if ! command -v qemu-system-x86_64 >/dev/null || { [ "$(major_of qemu-system-x86_64)" -lt 8 ] && [ ! -x "$wrapper" ]; }; then
    exclusively qemu
    install_system
    if [ "$(major_of qemu-system-x86_64)" -lt 8 ] && [ ! -x "$wrapper" ]; then unpack_backports; fi
    say "qemu: ready in $(seconds $(($(now_ms) - started))), downloads and installs $(seconds $download_ms) of it"
fi
