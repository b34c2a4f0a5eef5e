# A private systemd: PID 1, journald and D-Bus of a real systemd in pid, mount, network, IPC and
# cgroup namespaces of their own. Sourced by boot, next to this file, and by units/run.

# What the machine needs besides a kernel with namespaces and cgroups.
machine_packages=(systemd systemd-container dbus iproute2 procps util-linux curl)

# machine_start NAME CONSOLE [ROOT]
# Starts the boot and sets machine_leader, its PID 1 as seen from here. CONSOLE is the file for what it
# prints. ROOT is a folder with a Debian system; without it, this machine's own /usr, read-only.
machine_start() {
    local name=$1 console=$2 root=${3:-/}
    # In memory: everything but our own /usr, and of that /usr/local/bin, lib and share, which get the programs,
    # the catalogue of their messages and their manuals; of another root everything that is written.
    local volatile=yes
    [[ $root == / ]] || volatile=overlay
    local options=(
        --quiet "--directory=$root" "--volatile=$volatile"
        --tmpfs=/usr/local/bin:mode=0755 --tmpfs=/usr/local/share:mode=0755
        --overlay=+/usr/local/lib::/usr/local/lib
        "--bind-ro=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/machine.preset:/run/systemd/system-preset/00-machine.preset"
        --register=no --keep-unit --private-network --boot --console=pipe "--machine=$name"
        # They wait for a person and for a network, and neither comes.
        systemd.mask=systemd-firstboot.service systemd.mask=systemd-networkd-wait-online.service
    )
    machine_leader=
    machine_cgroup=$(machine_make_cgroup "$name") || {
        machine_failed "$console" "no cgroup of its own"
        return 1
    }
    # A session of its own: a terminal's Ctrl-C is for whoever asked for the machine, not for the machine.
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 setsid sh -c 'echo 0 >"$0/cgroup.procs" && exec systemd-nspawn "$@"' \
        "$machine_cgroup" "${options[@]}" </dev/null >"$console" 2>&1 &
    machine_nspawn=$!
    local tries child
    for ((tries = 0; tries < 500; tries++)); do
        # A helper process is the first child, for a moment; PID 1 is the one that is 1 in its own namespace.
        for child in $(cat "/proc/$machine_nspawn/task/$machine_nspawn/children" 2>/dev/null); do
            if grep -q '^NSpid:.*[[:space:]]1$' "/proc/$child/status" 2>/dev/null; then
                machine_leader=$child
                return 0
            fi
        done
        kill -0 "$machine_nspawn" 2>/dev/null || break
        sleep 0.02
    done
    machine_failed "$console" "systemd-nspawn did not start"
}

# machine_make_cgroup NAME
# Makes a cgroup below our own and prints its folder. Without it, two machines at a time would be in the same
# one: each would find the other's processes in its services, as pid 0, and fail to stop them.
machine_make_cgroup() {
    local mount folder
    mount=$(findmnt --noheadings --first-only --types cgroup2 --output TARGET) || return 1
    folder=${mount%/}$(sed -n 's/^0:://p' /proc/self/cgroup)
    folder=${folder%/}/$1
    mkdir "$folder" && echo "$folder"
}

# machine_wait CONSOLE SECONDS
# Returns when the boot has ended with everything running.
machine_wait() {
    local console=$1 deadline=$((SECONDS + $2)) state=
    # The bus exists only some moments into the boot; from then on systemctl can wait for the event.
    until [[ -S /proc/$machine_leader/root/run/dbus/system_bus_socket ]]; do
        if ((SECONDS >= deadline)) || ! kill -0 "$machine_leader" 2>/dev/null; then
            machine_failed "$console" "no D-Bus came up"
            return 1
        fi
        sleep 0.02
    done
    state=$(machine_run timeout "$2" systemctl is-system-running --wait) || true
    [[ $state == running ]] || machine_failed "$console" "the boot ended as: ${state:-unknown}"
}

# machine_run COMMAND…
# Runs a command inside.
machine_run() {
    nsenter --target "$machine_leader" --all -- \
        env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin LANG=C.UTF-8 HOME=/root "$@"
}

# machine_end
# Ends the machine at once. Killing systemd-nspawn alone would leave the processes of the machine
# behind; with its PID 1 the kernel ends them all, and systemd-nspawn then clears up and exits.
machine_end() {
    [[ -n ${machine_leader:-} ]] || return 0
    kill -KILL "$machine_leader" 2>/dev/null || true
    # Not to our standard output: tail ends at once where nobody reads that any more.
    timeout 10 tail --pid="$machine_nspawn" -f /dev/null >/dev/null || true
    find "$machine_cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || true
}

# machine_save FILE, machine_restore FILE
# Keep a machine for a later run of a script. A pid alone may belong to another process by then: the
# time of its start, field 22 of /proc/PID/stat, tells.
machine_save() {
    echo "$machine_nspawn $machine_leader $(machine_started "$machine_leader") $machine_cgroup" >"$1"
}

machine_restore() {
    local started
    [[ -f $1 ]] && read -r machine_nspawn machine_leader started machine_cgroup <"$1" &&
        [[ $(machine_started "$machine_leader") == "$started" ]] && return 0
    machine_leader=
    return 1
}

machine_started() {
    # The second field is the program's name in parentheses, which may contain anything.
    sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

machine_failed() {
    tail -n 20 "$1" >&2
    echo "the private systemd did not boot: $2. It needs root, and: apt-get install ${machine_packages[*]}" >&2
    return 1
}
