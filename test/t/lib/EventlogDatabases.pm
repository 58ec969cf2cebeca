# The tests with several databases share these: targets, values and refusals in any of them, and rows of the future.
package EventlogDatabases;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use EventlogTest;

our @EXPORT = qw(target_ddl wait_for_value refusal store_ahead);

# CREATE SERVER of a target in NDJSON's format. Without other options it takes all events.
sub target_ddl
{
	my ($name, $url, %options) = @_;
	%options = (format => 'ndjson', events => 'all', %options, url => $url);
	return "CREATE SERVER $name FOREIGN DATA WRAPPER eventlog OPTIONS ("
	  . join(', ', map { "$_ '$options{$_}'" } sort keys %options) . ')';
}

# Waits until the query returns this.
sub wait_for_value
{
	my ($node, $database, $query, $expected) = @_;
	wait_until("$query is $expected in $database", sub { $node->safe_psql($database, $query) eq $expected });
	return;
}

# Returns the server's answer to a statement that must fail: sqlstate and hint, each '' where there is none.
sub refusal
{
	my ($node, $database, $statement) = @_;
	my (undef, undef, $stderr) = $node->psql($database, $statement, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	my ($sqlstate) = $stderr =~ /ERROR:  (\w{5}):/;
	my ($hint) = $stderr =~ /HINT:  (.*)/;
	return { sqlstate => $sqlstate // '', hint => $hint // '' };
}

# Stores an event by hand whose id is so many milliseconds after the greatest, so that ids go on behind it; its id.
sub store_ahead
{
	my ($node, $database, $milliseconds) = @_;
	return $node->safe_psql($database, <<"SQL");
INSERT INTO eventlog.events (event_id, event_name, source, origin, event_ts, ingested_at, metadata, xid)
SELECT (lpad(to_hex((extract(epoch FROM eventlog.event_time(event_id)) * 1000)::bigint + $milliseconds), 12, '0')
        || '70008' || repeat('0', 15))::uuid,
       'ahead', 'test', 'backend', now(), now(), '{"_eventLog": {"forwardToStatsig": false}}',
       (pg_current_xact_id()::text::bigint + coalesce((SELECT xid_offset FROM eventlog.cluster), 0))::text::xid8
FROM eventlog.events ORDER BY event_id DESC LIMIT 1
RETURNING event_id
SQL
}

1;
