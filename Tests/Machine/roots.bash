# Debian systems with other versions of systemd than this machine's, made once and kept. Sourced by Tests/run.

# The version of systemd, and the suite of Debian that has it; a suite that is not released yet moves on.
systemds=("252 bookworm" "257 trixie" "262 forky")

# What the cases use inside, besides what every Debian has.
root_packages=(systemd systemd-sysv dbus libsystemd0 iproute2 procps curl)

# root_version ROOT
# Prints the version of the systemd that a root has, as a number.
root_version() {
    chroot "$1" systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p'
}

# roots_open
# Makes the folder that keeps the roots, and locks it for as long as this shell lives: what one run uses, another
# one does not replace.
roots_open() {
    local cache=${XDG_CACHE_HOME:-${HOME:?names no folder to keep systemd roots in; set it, or XDG_CACHE_HOME}/.cache}
    roots_folder=$cache/baton/roots
    mkdir -p "$roots_folder" && exec 8>"$roots_folder/lock" && flock --shared 8
}

# root_of VERSION SUITE
# Sets root_folder to a root with this suite's systemd, which it makes where there is none yet, or where the packages
# are others now. Call roots_open first.
root_of() {
    local version=$1 suite=$2 list made=0 actual
    # Every argument of mmdebstrap but the folder.
    local recipe=(
        --variant=minbase "--include=$(IFS=, && echo "${root_packages[*]}")"
        # A mirror of a suite that is not released yet may be some days behind its own expiry date.
        '--aptopt=Acquire::Check-Valid-Until "false"'
        "$suite"
    )
    list=$(printf '%s\n' "${recipe[@]}" | sha256sum)
    root_folder=$roots_folder/$version-${list:0:12}
    if [[ ! -d $root_folder ]]; then
        # Alone here, because it also clears up.
        flock --nonblock 8 || {
            echo "waiting for another run that uses $roots_folder"
            flock 8
        }
        [[ -d $root_folder ]] || root_make "$version" "${recipe[@]}" || made=$?
        flock --shared 8
        ((made == 0)) || return "$made"
    fi
    actual=$(root_version "$root_folder")
    if ((actual < version)); then
        echo "$root_folder has systemd $actual, not $version; remove it to have it made again, or correct systemds in Tests/Machine/roots.bash" >&2
        return 1
    elif ((actual > version)); then
        echo "note: Debian $suite has moved on from systemd $version to $actual: $actual is tested in its place"
    fi
}

# root_make VERSION RECIPE…
# Under another name first, so that an interrupted making leaves nothing that looks complete.
root_make() {
    local version=$1 new=$root_folder.new log=$root_folder.log
    shift
    rm -rf --one-file-system "$new"
    echo "making a root with systemd $version: $root_folder"
    if ! mmdebstrap "$@" "$new" </dev/null >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        rm -rf --one-file-system "$new"
        echo "no root with systemd $version: mmdebstrap $* $new failed; all of its log: $log" >&2
        return 1
    fi
    find "$roots_folder" -mindepth 1 -maxdepth 1 -name "$version-*" ! -path "$new" -exec rm -rf --one-file-system {} +
    mv -T "$new" "$root_folder"
}
