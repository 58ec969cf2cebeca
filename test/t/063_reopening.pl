# A partition that was closed and whose time has come again, because the clock stepped back, takes rows again; one that is being
# detached does not.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventlogTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_eventlog('reopening');
my $log = q{SELECT eventlog.log_event('here')};
$node->safe_psql('postgres', $log);
my $leaf = $node->safe_psql('postgres', 'SELECT DISTINCT tableoid::regclass FROM eventlog.events');
my $closed = "SELECT count(*) FROM eventlog_internal.closed_partitions WHERE partition = '$leaf'::regclass";

# Closes the partition of now, as it would be if the clock had been past its end.
sub close_it
{
	$node->safe_psql('postgres', <<"SQL");
CREATE OR REPLACE TRIGGER sealed BEFORE INSERT ON $leaf FOR EACH ROW EXECUTE FUNCTION eventlog.refuse_late_row();
ALTER TABLE $leaf ENABLE ALWAYS TRIGGER sealed;
INSERT INTO eventlog.sealed_partitions (log, from_id, to_id)
SELECT log, from_id, to_id FROM eventlog_internal.log_partitions WHERE partition = '$leaf'::regclass;
SQL
	is($node->safe_psql('postgres', $closed), 1, 'the partition of now is closed');
	return;
}

close_it();
$node->safe_psql('postgres', $log);
is($node->safe_psql('postgres', $closed), 0, 'a log call opens it');
is($node->safe_psql('postgres', "SELECT count(*) FROM $leaf"), 2, '... and writes into it');

# A transaction whose snapshot has the partition, which is being detached meanwhile.
close_it();
my $session = $node->background_psql('postgres', on_error_stop => 0);
$session->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM eventlog.events');
$node->psql('postgres', "SET lock_timeout = '100ms'; ALTER TABLE eventlog.events DETACH PARTITION $leaf CONCURRENTLY", on_error_stop => 0);
is($node->safe_psql('postgres', "SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = '$leaf'::regclass"), 't',
	'a command to detach it has been cut short');
$session->query($log);
like($session->{stderr}, qr/cannot alter partition "\w+" with an incomplete detach/, 'a transaction that still sees it does not write into it');
$session->{stderr} = '';
$session->query_safe('ROLLBACK');
$session->quit;
$node->safe_psql('postgres', "ALTER TABLE eventlog.events DETACH PARTITION $leaf FINALIZE");
is($node->safe_psql('postgres', "SELECT count(*) FROM $leaf"), 2, 'it leaves the log with what it had');
$node->safe_psql('postgres', $log);
is($node->safe_psql('postgres', 'SELECT count(*) FROM eventlog.events'), 1, '... and the next event is in a new one');
is_free_of_crashes($node);
$node->stop;
done_testing();
