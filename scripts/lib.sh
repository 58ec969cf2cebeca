# Shared by the scripts of this folder (sourced): a throw-away copy of the checkout, a private PostgreSQL installation
# and private clusters. Nothing outside one temporary folder is written, and no other server is touched.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# die MESSAGE: ends the script with an error.
die() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit 1
}

# need_commands COMMAND...: ends the script, before anything is built, unless this user can run each of them.
need_commands() {
    local command missing=()
    for command in "$@"; do
        [[ $(type -t "$command") == file || " ${missing[*]} " == *" $command "* ]] || missing+=("$command")
    done
    ((${#missing[@]} == 0)) || die "commands not found: ${missing[*]}; scripts/install-deps installs them"
}

# ---- sandbox ---------------------------------------------------------------------------------------------------------

# Whether this process runs in the copy that as_unprivileged made; then $EVENTLOG_SANDBOX is the temporary folder.
in_sandbox() {
    [[ ${EVENTLOG_SANDBOX:-} && $ROOT == "$EVENTLOG_SANDBOX/src" ]]
}

# as_unprivileged ARGS...: call it first, with the script's own arguments. It runs the calling script again, in a copy
# of the checkout in a temporary folder, and as an unprivileged user when started by root, since a server refuses root;
# there it just returns. The first process waits, ends what still runs from that folder and removes it (EVENTLOG_KEEP=1
# leaves it) on success, failure and signals, then exits with the copy's status. Standard input is empty.
as_unprivileged() {
    ! in_sandbox || return 0
    local status=0 user switch_user=() script
    script=$(realpath --relative-to="$ROOT" "$0")
    EVENTLOG_SANDBOX=$(mktemp -d "${TMPDIR:-/tmp}/eventlog.XXXXXX")
    EVENTLOG_SANDBOX=$(cd "$EVENTLOG_SANDBOX" && pwd -P)
    trap leave_sandbox EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM

    mkdir "$EVENTLOG_SANDBOX"/{src,home,tmp}
    copy_checkout "$EVENTLOG_SANDBOX/src"
    if ((EUID == 0)); then
        user=$(id -un postgres 2>/dev/null) || user=nobody
        chown -R "$user:" "$EVENTLOG_SANDBOX"
        switch_user=(setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups)
        "${switch_user[@]}" test -x "$EVENTLOG_SANDBOX/src" ||
            die "user $user cannot enter $EVENTLOG_SANDBOX; set TMPDIR to a folder open to all users"
    fi

    # With job control the copy does not inherit an ignored SIGINT, which its tests may need.
    set -m
    (
        sandbox_environment "${user:-$(id -un)}"
        cd "$EVENTLOG_SANDBOX/src" || exit
        exec "${switch_user[@]}" bash "$script" "$@" </dev/null
    ) &
    set +m
    wait "$!" || status=$?
    exit "$status"
}

# copy_checkout TARGET: the tracked and the untracked, not ignored files; everything where this is no git checkout.
copy_checkout() {
    local git=(git -c "safe.directory=$ROOT" -C "$ROOT") file
    if [[ $("${git[@]}" rev-parse --show-toplevel 2>/dev/null) == "$ROOT" ]]; then
        "${git[@]}" ls-files -coz --exclude-standard | while IFS= read -r -d '' file; do
            if [[ -e $ROOT/$file || -L $ROOT/$file ]]; then printf '%s\0' "$file"; fi
        done | tar -C "$ROOT" --null -T - -cf -
    else
        tar -C "$ROOT" --exclude=./.git -cf - .
    fi | tar -C "$1" --no-same-owner -xf -
}

# sandbox_environment USER: no setting of the caller's account reaches the tests, but for npm's registry.
sandbox_environment() {
    local name registry
    if registry=$(npm_config_cache=$EVENTLOG_SANDBOX/npm npm config get registry 2>/dev/null); then export npm_config_registry=$registry; fi
    while read -r name; do
        [[ $name == PG_CONFIG ]] || unset "$name"
    done < <(compgen -e | grep -Ei '^(PG|XDG_|LC_|LANGUAGE$|MAKE|npm_config_(cache|userconfig)$)')
    export EVENTLOG_SANDBOX HOME=$EVENTLOG_SANDBOX/home TMPDIR=$EVENTLOG_SANDBOX/tmp USER=$1 LOGNAME=$1 LANG=C.UTF-8
    umask 022
}

leave_sandbox() {
    trap '' HUP INT TERM
    end_processes_in "$EVENTLOG_SANDBOX"
    if [[ ${EVENTLOG_KEEP:-} ]]; then
        echo "kept: $EVENTLOG_SANDBOX" >&2
    else
        rm -rf "$EVENTLOG_SANDBOX"
    fi
}

# processes_in FOLDER: the ids of the processes whose program or working folder is below it.
processes_in() {
    find /proc/[0-9]*/cwd /proc/[0-9]*/exe -maxdepth 0 -lname "$1/*" -printf '%h\n' 2>/dev/null | sed 's,^/proc/,,' | sort -u
}

# end_processes_in FOLDER: asks them to end; QUIT makes a hanging server stop at once and release its shared memory.
end_processes_in() {
    local tenths=0 signal=TERM pids
    while mapfile -t pids < <(processes_in "$1") && ((${#pids[@]})); do
        ((tenths < 50)) || signal=QUIT
        ((tenths < 120)) || signal=KILL
        ((tenths < 200)) || break
        ((tenths % 10)) || kill -s "$signal" "${pids[@]}" 2>/dev/null || true
        sleep 0.1
        ((++tenths))
    done
}

# ---- a private PostgreSQL installation -------------------------------------------------------------------------------

# Prints the pg_config to build with: $PG_CONFIG, else the newest of Debian's with a server and its development files.
find_pg_config() {
    local pg_config
    if [[ ${PG_CONFIG:-} ]]; then
        is_complete "$PG_CONFIG" || die "PG_CONFIG=$PG_CONFIG has no server or no development files"
        printf '%s\n' "$PG_CONFIG"
        return
    fi
    while read -r pg_config; do
        if is_complete "$pg_config"; then
            printf '%s\n' "$pg_config"
            return
        fi
    done < <(printf '%s\n' /usr/lib/postgresql/*/bin/pg_config | sort -Vr)
    die "no PostgreSQL with a server and development files found; run scripts/install-deps or set PG_CONFIG"
}

# is_complete PG_CONFIG: whether its installation has the server, its headers and pgxs.
is_complete() {
    local bindir
    bindir=$("$1" --bindir 2>/dev/null) &&
        [[ -x $bindir/postgres && -e $("$1" --includedir-server)/postgres.h && -e $("$1" --pgxs) ]]
}

# make_private_tree FOLDER: an installation of PostgreSQL below FOLDER, into which `make install DESTDIR=FOLDER` puts the
# extension. The programs find their lib and share folders from where they lie themselves, so they are copies, while
# what they load is links. Exports PG_CONFIG and PATH, so that everything started afterwards uses it.
make_private_tree() {
    local tree bindir pkglibdir sharedir pg_config headers
    mkdir -p "$1"
    tree=$(cd "$1" && pwd -P)
    pg_config=$(find_pg_config)
    bindir=$("$pg_config" --bindir)
    pkglibdir=$("$pg_config" --pkglibdir)
    sharedir=$("$pg_config" --sharedir)

    if [[ ! -e $tree$bindir ]]; then
        link_entries "$pkglibdir" "$tree" bitcode
        link_entries "$sharedir" "$tree" extension
        for headers in "$("$pg_config" --includedir)" "$("$pg_config" --includedir-server)"; do
            [[ -e $tree$headers ]] || link_folder "$headers" "$tree"
        done
        mkdir -p "$tree$bindir"
        cp -L "$bindir"/* "$tree$bindir"
    fi

    export PATH="$tree$bindir:$PATH" PG_CONFIG="$tree$bindir/pg_config"
    [[ $("$PG_CONFIG" --pkglibdir) == "$tree$pkglibdir" && $("$PG_CONFIG" --sharedir) == "$tree$sharedir" ]] ||
        die "the PostgreSQL of $pg_config does not find its folders from its programs' place"
}

# link_folder FOLDER TREE: TREE/FOLDER as a link to FOLDER.
link_folder() {
    mkdir -p "$(dirname "$2$1")"
    ln -s "$1" "$2$1"
}

# link_entries FOLDER TREE SUBFOLDER: TREE/FOLDER with links to the entries of FOLDER; SUBFOLDER, into which the extension
# is installed, is a folder itself. Files of an installed eventlog are left out.
link_entries() {
    mkdir -p "$2$1"
    find "$1" -mindepth 1 -maxdepth 1 ! -name 'eventlog*' ! -name "$3" -exec ln -s -t "$2$1" {} +
    if [[ -d $1/$3 ]]; then
        mkdir "$2$1/$3"
        find "$1/$3" -mindepth 1 -maxdepth 1 ! -name 'eventlog*' -exec ln -s -t "$2$1/$3" {} +
    fi
}

# build_extension FOLDER [MAKE ARGUMENT...]: a copy of the sources in FOLDER/src, built and installed into a private
# installation FOLDER/pg, which this exports (see make_private_tree). Done once a folder; call it once in a process.
build_extension() {
    local folder=$1 system
    shift
    system=$(find_pg_config)
    make_private_tree "$folder/pg"
    if [[ ! -e $folder/built ]]; then
        mkdir -p "$folder/src" &&
            cp -a "$ROOT/." "$folder/src" &&
            make -C "$folder/src" -j2 PG_CONFIG="$system" "$@" &&
            make -C "$folder/src" install PG_CONFIG="$system" DESTDIR="$folder/pg" "$@" &&
            touch "$folder/built"
    fi
}

# ---- clusters --------------------------------------------------------------------------------------------------------

CLUSTERS=()
# A command, with its arguments, that starts the servers; empty: nothing in between.
SERVER_LAUNCHER=()

# start_cluster NAME DATADIR [LINE...]: makes a cluster with the superuser postgres, adds the lines to postgresql.conf,
# starts it and waits until it is ready. It listens on a socket and on a free port of 127.0.0.1, trusts everyone who can
# reach it, does not fsync unless a line says so, and logs to DATADIR.log. Exports PGHOST (the socket's folder), PGPORT,
# PGUSER and PGDATABASE. Needs make_private_tree's PATH.
start_cluster() {
    local name=$1 data=$2 sockets=${TMPDIR:-/tmp}/$1
    shift 2
    ((${#sockets} < 90)) || die "the path of $name's socket is too long: $sockets"
    mkdir -p "$sockets"
    initdb -D "$data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$data.log" 2>&1 ||
        die_with_log "initdb failed for $name" "$data.log"
    printf '%s\n' "listen_addresses = '127.0.0.1'" "unix_socket_directories = '$sockets'" \
        "fsync = off" "max_prepared_transactions = 20" "$@" >>"$data/postgresql.conf"

    export PGHOST=$sockets PGUSER=postgres PGDATABASE=postgres PGPORT
    CLUSTERS+=("$data")
    # Another process may take the free port before the server does.
    for _ in 1 2 3; do
        PGPORT=$(free_port)
        echo "port = $PGPORT" >>"$data/postgresql.conf"
        : >"$data.log"
        if "${SERVER_LAUNCHER[@]}" pg_ctl -D "$data" -l "$data.log" -w -t 120 start >/dev/null; then return; fi
        if ! grep -q 'Address already in use' "$data.log"; then break; fi
    done
    die_with_log "the server of $name does not start" "$data.log"
}

# Prints a TCP port of 127.0.0.1 that nobody listens on.
free_port() {
    perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

die_with_log() {
    tail -n 40 "$2" >&2
    die "$1"
}

# stop_cluster DATADIR: stops the server of this cluster if it runs.
stop_cluster() {
    [[ -e $1/postmaster.pid ]] || return 0
    pg_ctl -D "$1" -m fast -w -t 60 stop >/dev/null || pg_ctl -D "$1" -m immediate -w -t 60 stop >/dev/null
}

# Stops all clusters that this process started.
stop_clusters() {
    local data
    for data in "${CLUSTERS[@]}"; do
        stop_cluster "$data"
    done
}
