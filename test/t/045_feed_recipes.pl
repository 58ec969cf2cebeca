# The recipes of docs/reading.md, run as they stand there: a subscriber follows the log by logical replication, over partitions
# made later; Debezium's outbox router is given columns that exist; poll, apply and ack in one transaction.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use DocumentedPage;
use EventlogTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $page = DocumentedPage->read('docs/reading.md');

my $node = start_eventlog('publisher', 'wal_level = logical', 'max_wal_senders = 5', q{eventlog.partition_width = '1h'});
sub sql { return $node->safe_psql('postgres', $_[0]) }

# ---- logical replication ---------------------------------------------------------------------------------------------

my ($publication, $subscription) = $page->section('Logical replication');
sql($publication);
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$subscriber->start;
sql(q{SELECT eventlog.log_event('before', jsonb_build_object('i', i)) FROM generate_series(1, 10) i});
my $connection = $node->connstr('postgres');
$connection =~ s/'/''/g;
$subscription =~ s/host=… dbname=…/$connection/ or die 'the recipe has no connection to fill in';
$subscriber->safe_psql('postgres', $subscription);
$subscriber->wait_for_subscription_sync($node, 'eventlog_feed');
my $partitions = q{SELECT count(*) FROM pg_inherits WHERE inhparent = 'eventlog.events'::regclass};
my $partitions_before = sql($partitions);
sql(q{SET eventlog.partitions_ahead = 9; SELECT eventlog.maintain()});
cmp_ok(sql($partitions), '>', $partitions_before, 'partitions are made after the subscription');
# A row in the last of them.
sql(<<'SQL');
INSERT INTO eventlog.events (event_id, event_name, source, origin, event_ts, ingested_at, metadata, xid)
SELECT (lpad(to_hex((extract(epoch FROM now() + interval '8 hours') * 1000)::bigint), 12, '0') || '70008' || repeat('0', 15))::uuid,
       'ahead', 'test', 'backend', now(), now(), '{"_eventLog": {"forwardToStatsig": false}}', pg_current_xact_id()
SQL
sql(q{BEGIN; SELECT eventlog.log_event('undone'); ROLLBACK});
sql(q{SELECT eventlog.log_event('after', '{"a": {"b": [1, null]}}', value => 1.5, actor_id => 'ada', idempotency_key => 'k')});
$node->wait_for_catchup('eventlog_feed');
my $rows = q{SELECT count(*), md5(string_agg(e::text, ',' ORDER BY event_id)) FROM eventlog.events e};
is($subscriber->safe_psql('postgres', $rows), sql($rows), 'the subscriber has the same rows');
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM eventlog.events'), '12', '... all of them');
$subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION eventlog_feed');

# ---- Debezium --------------------------------------------------------------------------------------------------------

my ($properties) = $page->section('Debezium\'s outbox router');
my %property = $properties =~ /^([\w.]+)=(.*)$/mg;
my %nullable = map { my ($name, $null) = split /\|/; $name => $null } split /\n/, sql(<<'SQL');
SELECT attname, NOT attnotnull FROM pg_attribute WHERE attrelid = 'eventlog.events'::regclass AND attnum > 0
SQL
my $outbox = 'transforms.outbox.';
my @columns = @property{ map { "$outbox$_" } qw(table.field.event.id table.field.event.key table.field.event.payload route.by.field) };
push @columns, map { s/:.*//r } split /,/, $property{"${outbox}table.fields.additional.placement"};
is(join(' ', grep { !exists $nullable{$_} } @columns), '', 'the router is given columns that exist');
is($nullable{ $property{"${outbox}route.by.field"} }, 'f', '... and routes by one that is never null');
is(sql("SELECT pubinsert AND pubviaroot AND NOT pubdelete FROM pg_publication WHERE pubname = '$property{'publication.name'}'"),
	't', '... and reads the publication of the recipe');
is(sql("SELECT '$property{'table.include.list'}'::regclass"), 'eventlog.events', '... of the log');

# ---- exactly once ----------------------------------------------------------------------------------------------------

my ($apply) = $page->section('Exactly once, in this database');
sql(q{CREATE TABLE ledger (event_id uuid PRIMARY KEY, amount float8); SELECT eventlog.create_consumer('balances', 'beginning')});
sql("BEGIN; $apply ROLLBACK");
is(sql('SELECT count(*) FROM ledger'), '0', 'what is rolled back has not been applied');
is(sql('SELECT count(*) FROM eventlog.leases'), '0', '... nor handed out');
sql($apply);
is(sql('SELECT count(*) FROM ledger'), '12', 'what is committed has been applied');
is(sql('SELECT lag_events, leased_events FROM eventlog.consumers'), '0|0', '... and acknowledged');
sql($apply);
is(sql('SELECT count(*) FROM ledger'), '12', 'a poll that returns nothing changes nothing');

# ---- tools that keep a number ----------------------------------------------------------------------------------------

my ($settled) = $page->section('Tools that remember one number: `settled_events`');
$settled =~ s/'1234'/'1'/ or die 'the recipe has no number';
wait_until('all is settled', sub { sql("SELECT count(*) FROM ($settled) s" =~ s/;\s*\)/)/r) eq '12' });
my $last = sql('SELECT max(settled_number) FROM eventlog.settled_events');
is(sql("SELECT count(*) FROM eventlog.settled_events WHERE settled_number > $last"), '0', 'nothing is settled behind the last number');
sql(q{SELECT eventlog.log_event('new')});
wait_until('the new event is settled', sub {
		sql("SELECT string_agg(event_name, ' ') FROM eventlog.settled_events WHERE xid > '$last'") eq 'new' });
is(sql("SELECT count(*) FROM eventlog.settled_events WHERE settled_number > $last"), '1', '... and what comes later is new by either');

# ---- a dump restored elsewhere ---------------------------------------------------------------------------------------

# A lease that runs, events not handed out in an open window, and a transaction that is open meanwhile.
sql(q{SELECT eventlog.create_consumer('moved', 'beginning', '{moved.*}')});
sql(q{SELECT count(eventlog.log_event('moved.' || i)) FROM generate_series(1, 50) i});
my $poll = 'SELECT event_id FROM eventlog.poll(\'moved\', %d, lease => \'%s\')';
my @acked = split /\n/, sql(sprintf $poll, 10, '1 hour');
is(sql("SELECT eventlog.ack('moved', '$acked[-1]')"), 't', 'some events are acknowledged before the dump');
my @leased = split /\n/, sql(sprintf $poll, 10, '1 ms');
my $dump = PostgreSQL::Test::Utils::tempdir('dump') . '/log.sql';
my $copy = start_eventlog('copy');
$node->command_ok([ 'pg_dump', '-f', $dump, '--no-publications', $node->connstr('postgres') ], 'the log is dumped');
$copy->safe_psql('postgres', 'CREATE DATABASE restored');
$copy->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $copy->connstr('restored') ], '... and restored');
my @again = split /\n/, $copy->safe_psql('restored', sprintf $poll, 100, '1 hour');
is("@again", "@leased", 'what was leased is given out again');
my @rest = split /\n/, $copy->safe_psql('restored', sprintf $poll, 100, '1 hour');
my $moved = q{SELECT event_id FROM eventlog.events WHERE event_name LIKE 'moved.%' ORDER BY event_id};
is(join("\n", @acked, @again, @rest), sql($moved), '... then the rest, each event once');
$copy->safe_psql('restored', q{SELECT eventlog.log_event('moved.later')});
is($copy->safe_psql('restored', q{SELECT string_agg(event_name, ' ') FROM eventlog.poll('moved')}), 'moved.later', '... then what is new there');
is(sql(sprintf $poll, 100, '1 hour'), join("\n", @leased), 'where the dump comes from the consumer goes on, too');

$_->stop foreach $subscriber, $copy, $node;
is_free_of_crashes($node);
done_testing();
