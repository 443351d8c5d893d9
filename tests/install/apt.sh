# shellcheck shell=bash
# Shared by the installers of this folder; sourced, never run.
#
# The installers promise: nothing printed and almost no time spent when everything is there; one line saying what is fetched
# otherwise; root or sudo; never a change to the machine's apt sources; waiting for another apt instead of failing beside it.

cache_root="${COORDINATOR_CACHE:-${HOME:-/root}/.cache/coordinator}"
apt_wait_seconds=300
download_ms=0

say() { printf '%s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
now_ms() { date +%s%3N; }
seconds() { printf '%d.%01d s' $(($1 / 1000)) $(($1 % 1000 / 100)); }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo -- "$@"
    else fail "this needs root or sudo: $*"
    fi
}

# apt's lock time-out covers dpkg's locks; the lists lock of `update` and the archives lock fail at once, hence the retries.
apt_retry() {
    local until=$(($(date +%s) + apt_wait_seconds)) log
    log=$(mktemp)
    while ! "$@" >"$log" 2>&1; do
        if ! grep -qE 'Could not get lock|is another process using it|Unable to lock' "$log" || [ "$(date +%s)" -ge "$until" ]; then
            cat "$log" >&2
            rm -f "$log"
            return 1
        fi
        sleep 1
    done
    rm -f "$log"
}

apt_update() {
    local started
    started=$(now_ms)
    say "apt: reading the package lists"
    apt_retry as_root apt-get update || fail "apt-get update failed"
    download_ms=$((download_ms + $(now_ms) - started))
}

apt_knows() { apt-cache policy "$1" 2>/dev/null | grep -q '^ *Candidate: [^(]'; }

# Debian packages that a command or file of the installers needs on the system itself.
apt_install() {
    local package started
    for package in "$@"; do apt_knows "$package" || { apt_update; break; }; done
    started=$(now_ms)
    say "apt: installing $*"
    if ! apt_retry as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -o "DPkg::Lock::Timeout=$apt_wait_seconds" \
        --no-install-recommends "$@"; then
        # Lists older than the mirror name files that are gone.
        apt_update
        apt_retry as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -o "DPkg::Lock::Timeout=$apt_wait_seconds" \
            --no-install-recommends "$@" || fail "apt-get install $* failed"
    fi
    download_ms=$((download_ms + $(now_ms) - started))
}

# apt_download FOLDER [apt options] -- PACKAGES: the .deb files, nothing installed. As the calling user: apt's sandbox user may not
# be allowed into the folder, and dropping to it is only a warning that would look like a failure.
apt_download() {
    local folder=$1 options=() started
    shift
    while [ "$1" != -- ]; do options+=("$1"); shift; done
    shift
    mkdir -p "$folder"
    started=$(now_ms)
    (cd "$folder" && apt_retry apt-get "${options[@]}" -o APT::Sandbox::User=root download "$@") || return 1
    download_ms=$((download_ms + $(now_ms) - started))
}

# One installer at a time per thing: two test runs starting together must not unpack into each other.
exclusively() {
    mkdir -p "$cache_root"
    exec 9>"$cache_root/.$1.flock"
    flock 9
}
