# Shared by the benchmarks (sourced): a private installation and cluster, medians, CPU time of a process.
# shellcheck shell=bash

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

# start_bench_cluster [LINE...]: builds the extension and starts a preloaded cluster with it in database bench.
start_bench_cluster() {
    build_extension "$EVENTLOG_SANDBOX/build" >"$EVENTLOG_SANDBOX/build.log" 2>&1 ||
        die_with_log "the build failed" "$EVENTLOG_SANDBOX/build.log"
    trap stop_clusters EXIT
    start_cluster bench "$EVENTLOG_SANDBOX/bench" "shared_preload_libraries = 'eventlog'" "shared_buffers = 512MB" \
        "max_wal_size = 8GB" "checkpoint_timeout = 1h" "autovacuum = off" "fsync = on" "$@"
    createdb bench
    export PGDATABASE=bench
    psql -qXc "CREATE EXTENSION eventlog" -c "SELECT eventlog.maintain()" >/dev/null
}

# median: of the numbers on standard input, one a line.
median() {
    sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# cpu_ms PID: CPU time that the process has used, in milliseconds.
cpu_ms() {
    awk -v tick="$(getconf CLK_TCK)" '{ printf "%d\n", ($14 + $15) * 1000 / tick }' "/proc/$1/stat"
}

worker_pid() {
    psql -qXAtc "SELECT pid FROM pg_stat_activity WHERE backend_type = 'eventlog worker' AND datname = current_database()"
}
