# Installs Debian packages that are missing. Sourced by Tests/run and units/run.

# need_packages PACKAGE…
# Says what it installs; leaves installed packages at their version, so that the machine's own
# systemd stays as it is. Fails, saying what to do, where it can not install.
need_packages() {
    local package missing=()
    for package in "$@"; do
        if [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) != installed ]]; then
            missing+=("$package")
        fi
    done
    ((${#missing[@]} > 0)) || return 0
    if ((EUID != 0)); then
        echo "missing packages: ${missing[*]}; as root: apt-get install --no-upgrade --no-install-recommends ${missing[*]}" >&2
        return 1
    fi
    echo "installing ${missing[*]}"
    local log policy=/usr/sbin/policy-rc.d status=0
    log=$(mktemp)
    # A server among them is not to be started: it would take its port on this machine.
    if [[ -e $policy ]]; then policy=; else printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"; fi
    {
        apt-get update --quiet=2 &&
            DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-upgrade --no-install-recommends "${missing[@]}"
    } </dev/null >"$log" 2>&1 || status=$?
    [[ -z $policy ]] || rm -f "$policy"
    if ((status != 0)); then
        cat "$log" >&2
        echo "could not install: ${missing[*]}" >&2
    fi
    rm -f "$log"
    return "$status"
}

# need_command COMMAND HINT
need_command() {
    command -v "$1" >/dev/null && return 0
    echo "missing: $1 ($2)" >&2
    return 1
}
