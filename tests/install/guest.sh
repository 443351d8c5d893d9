#!/usr/bin/env bash
# Builds the lab's guest (tests/guest) and prints the folder that holds vmlinuz and initrd. Nothing of Debian's kernel or busybox is installed: both are
# unpacked under ${COORDINATOR_CACHE:-~/.cache/coordinator}/guest. The folder's name is a hash of all inputs, so a change of source gives another one.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/install/apt.sh
. "$here/apt.sh"
sources="$here/../guest"
base="$cache_root/guest"

image_folder() {
    local hash
    hash=$(cd "$sources" && cat "$here/guest.sh" ./*.c ./*.h init modules | sha256sum | cut -c1-16)
    echo "$base/$hash"
}

# unpack NAME PACKAGE [tar member patterns]: the package's files under $base/NAME, complete or not there at all.
unpack() {
    local name=$1 package=$2 deb
    shift 2
    [ -e "$base/$name/.complete" ] && return
    say "guest: unpacking $package"
    rm -rf "${base:?}/$name" "$base/$name.deb"
    if ! apt_download "$base/$name.deb" -- "$package" 2>/dev/null; then
        apt_update
        apt_download "$base/$name.deb" -- "$package" || fail "$package could not be downloaded"
    fi
    mkdir -p "$base/$name"
    for deb in "$base/$name.deb"/*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$base/$name" --wildcards "$@"; done
    rm -rf "$base/$name.deb"
    touch "$base/$name/.complete"
}

# linux-image-cloud-amd64 is an empty package that names the newest kernel.
kernel_package() {
    apt_knows linux-image-cloud-amd64 || apt_update
    apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -nE 's/^ *Depends: (linux-image-[0-9].*)$/\1/p' | head -1
}

build_image() {
    local image=$1 work=$1.new kernel module found missing=()
    command -v gcc >/dev/null || missing+=(gcc)
    [ -e /usr/lib/x86_64-linux-gnu/libc.a ] || missing+=(libc6-dev)
    [ ${#missing[@]} = 0 ] || apt_install "${missing[@]}"
    if [ ! -e "$base/kernel/.complete" ]; then
        kernel=$(kernel_package)
        [ -n "$kernel" ] || fail "the apt sources have no linux-image-cloud-amd64: Debian's main archive is needed"
        unpack kernel "$kernel" './boot/vmlinuz-*' './lib/modules/*/kernel/drivers/virtio/*' './lib/modules/*/kernel/net/core/*' \
            './lib/modules/*/kernel/drivers/net/*' './lib/modules/*/kernel/drivers/block/*'
    fi
    unpack busybox busybox-static './bin/busybox'
    unpack cpio cpio './bin/cpio'

    rm -rf "$work"
    mkdir -p "$work/root"/{bin,dev,proc,sys,modules}
    gcc -std=gnu11 -O2 -Wall -Wextra -Werror -static -pthread -o "$work/root/load" "$sources"/*.c
    strip "$work/root/load"
    cp "$base/busybox/bin/busybox" "$work/root/bin/busybox"
    cp "$sources/init" "$work/root/init"
    cp "$sources/modules" "$work/root/modules/order"
    while read -r module; do
        found=$(find "$base/kernel/lib/modules" -name "$module.ko*" | head -1)
        case "$found" in
            *.ko) cp "$found" "$work/root/modules/$module.ko" ;;
            *.ko.xz) xz -dc "$found" >"$work/root/modules/$module.ko" ;;
            *) fail "the kernel package has no module $module" ;;
        esac
    done <"$sources/modules"
    # Fixed owners and order; uncompressed, because a guest under TCG takes longer to unpack it than the host to read it.
    (cd "$work/root" && find . -print0 | LC_ALL=C sort -z | "$base/cpio/bin/cpio" --null -o -H newc -R 0:0 --quiet) >"$work/initrd"
    cp "$base"/kernel/boot/vmlinuz-* "$work/vmlinuz"
    rm -rf "$work/root"
    mv "$work" "$image"
    # Images of older sources; the week leaves those of another checkout on this machine alone.
    find "$base" -maxdepth 1 -type d -regex '.*/[0-9a-f]*' -mtime +7 -exec rm -rf {} +
}

image=$(image_folder)
if [ ! -e "$image/initrd" ]; then
    started=$(now_ms)
    exclusively guest
    if [ ! -e "$image/initrd" ]; then
        build_image "$image"
        say "guest: built in $(seconds $(($(now_ms) - started))), downloads and installs $(seconds $download_ms) of it"
    fi
fi
touch "$image"
echo "$image"
