# Partitions of eventlog.events for days that have passed, filled with hand-made rows: what retention drops.
package OldPartitions;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';

our @EXPORT = qw(can_make_old_partitions old_partition partition_states);

# Has a database make them.
sub can_make_old_partitions
{
	my ($node, $database) = @_;
	$node->safe_psql($database // 'postgres', <<'SQL');
CREATE FUNCTION first_id(at timestamptz) RETURNS uuid LANGUAGE sql AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;
-- A partition like today's, of the day so many days ago, with rows of one transaction.
CREATE PROCEDURE old_partition(days int, events int, xid xid8, flagged boolean) LANGUAGE plpgsql AS $$
DECLARE
    start constant timestamptz := date_trunc('day', now(), 'UTC') - days * interval '1 day';
    leaf constant text := 'events_old_' || days;
    template constant regclass := (SELECT partition FROM eventlog.partitions WHERE log = 'events' AND state = 'current');
    definition text;
BEGIN
    EXECUTE format('CREATE TABLE eventlog.%I (LIKE eventlog.events INCLUDING ALL)', leaf);
    EXECUTE format('INSERT INTO eventlog.%I (event_id, event_name, source, origin, actor_id, event_ts, ingested_at, metadata, xid)
        SELECT (left(first_id($1 + n * interval ''1 ms'')::text, 14) || ''7000-8000-'' || lpad(to_hex(n), 12, ''0''))::uuid,
               ''old'', ''test'', ''backend'', ''actor '' || n %% 1000, $1, $1,
               jsonb_build_object(''n'', n, ''_eventLog'', jsonb_build_object(''forwardToStatsig'', $2)), $3
        FROM generate_series(1, $4) n', leaf) USING start, flagged, xid, events;
    FOR definition IN SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = template LOOP
        EXECUTE regexp_replace(definition, 'INDEX \S+ ON \S+', format('INDEX ON eventlog.%I', leaf));
    END LOOP;
    EXECUTE format('ALTER TABLE eventlog.%I ADD PRIMARY KEY (event_id)', leaf);
    EXECUTE format('ALTER TABLE eventlog.events ATTACH PARTITION eventlog.%I FOR VALUES FROM (%L) TO (%L)', leaf,
                   first_id(start), first_id(start + interval '1 day'));
END
$$;
SQL
	return;
}

# Makes that of so many days ago. Options: events (10), xid (long read by everybody, or 'new': to be read by every target),
# flagged (true), database.
sub old_partition
{
	my ($node, $days, %options) = @_;
	my $xid = ($options{xid} // '') eq 'new' ? 'pg_current_xact_id()' : q{'3'};
	my $flagged = $options{flagged} // 'true';
	$node->safe_psql($options{database} // 'postgres',
		sprintf "CALL old_partition(%d, %d, %s, %s)", $days, $options{events} // 10, $xid, $flagged);
	return;
}

# Returns the partitions made here that still exist or are about to be dropped, by their days: 'DAYS STATE, …'. A partition that has
# been sealed counts as past, because the worker may have done that meanwhile.
sub partition_states
{
	my ($node, $database) = @_;
	return $node->safe_psql($database // 'postgres', q{
		SELECT string_agg(substring(partition::text FROM 'old_(\d+)') || ' ' || replace(state, 'sealed', 'past'), ', ' ORDER BY from_time)
		FROM eventlog.partitions WHERE partition::text ~ 'old_'});
}

1;
