# Sixteen sessions log and end their transactions in every way and in any order, while two consumers, each with two pollers that
# crash, give up and come late, and one reader that keeps the last id follow the log. Each consumer has every committed event
# acknowledged once, and none else; the naive reader misses some, which proves that there was something to miss.
# EVENTLOG_FEED_EVENTS: how many events to log instead of 200,000.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventlogTest;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use constant {
	WRITERS => 16,
	EVENTS_EACH => 20 # events of a transaction
};

my $events = $ENV{EVENTLOG_FEED_EVENTS} // 200_000;
my %patterns = (everything => 'NULL', some => q{'{!left.*}'});
my $node = start_eventlog('feed', 'max_prepared_transactions = 20', 'eventlog.poll_interval = 200ms');

# Every hand-out and every acknowledgement, in order; pollers that ack too late, ack a part, give back, roll back, or forget.
$node->safe_psql('postgres', <<'SQL');
CREATE SEQUENCE place;
CREATE TABLE handed (consumer text, event_id uuid, place bigint DEFAULT nextval('place'));
CREATE TABLE done (consumer text, event_id uuid, place bigint DEFAULT nextval('place'));
CREATE TABLE naive (event_id uuid);
CREATE PROCEDURE follow(consumer text) LANGUAGE plpgsql AS $$
DECLARE
    got uuid[];
    held uuid[];
    fate float8;
    upto int;
BEGIN
    LOOP
        fate := random();
        got := ARRAY(SELECT event_id FROM eventlog.poll(consumer, 1 + (random() * 400)::int, '100 ms', '400 ms'));
        IF fate < 0.05 THEN
            ROLLBACK;
            CONTINUE;
        END IF;
        INSERT INTO handed (consumer, event_id) SELECT follow.consumer, unnest(got);
        COMMIT;
        CONTINUE WHEN cardinality(got) = 0;
        upto := cardinality(got);
        IF fate < 0.10 THEN
            CONTINUE;
        ELSIF fate < 0.15 THEN
            PERFORM pg_sleep(0.5);
        ELSIF fate < 0.25 THEN
            upto := greatest(upto / 2, 1);
        ELSIF fate < 0.30 THEN
            PERFORM eventlog.nack(consumer, got[1]);
            COMMIT;
            CONTINUE;
        END IF;
        -- One that comes late may find the events with another poller, or on their way to one, and a part of them acknowledged.
        FOR attempt IN 1 .. 3 LOOP
            SELECT l.ids INTO held FROM eventlog.leases l WHERE l.consumer = follow.consumer AND got[upto] = ANY (l.ids) FOR UPDATE;
            EXIT WHEN FOUND;
        END LOOP;
        IF eventlog.ack(consumer, got[upto]) THEN
            INSERT INTO done (consumer, event_id) SELECT follow.consumer, id FROM unnest(held) id WHERE id <= got[upto];
        END IF;
        COMMIT;
        IF upto < cardinality(got) THEN
            PERFORM eventlog.nack(consumer, got[upto + 1]);
            COMMIT;
        END IF;
    END LOOP;
END
$$;
CREATE PROCEDURE follow_naively() LANGUAGE plpgsql AS $$
DECLARE
    last uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    LOOP
        INSERT INTO naive SELECT event_id FROM eventlog.events WHERE event_id > last ORDER BY event_id LIMIT 1000;
        last := coalesce((SELECT max(event_id::text)::uuid FROM naive WHERE event_id > last), last);
        COMMIT;
        PERFORM pg_sleep(0.02);
    END LOOP;
END
$$;
CREATE INDEX ON naive (event_id);
SQL
foreach my $consumer (sort keys %patterns)
{
	$node->safe_psql('postgres', "SELECT eventlog.create_consumer('$consumer', 'beginning', $patterns{$consumer})");
}

# Sessions that follow, each started again when it has been ended.
my %followers;

sub keep_following
{
	foreach my $name (keys %followers)
	{
		my $follower = $followers{$name};
		next if defined $follower->{run} && is_running($follower->{run});
		$follower->{run}->finish if defined $follower->{run};
		die "$name: $follower->{err}" if ($follower->{err} // '') =~ /ERROR/;
		$follower->{run} = IPC::Run::start([ 'psql', '-Xq', '-c', "CALL $follower->{call}",
				$node->connstr('postgres') . " application_name=$name" ],
			'<', \undef, '>', \$follower->{out}, '2>', \$follower->{err});
	}
	return;
}

sub end_session
{
	my ($name) = @_;
	$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '$name'");
	return;
}

foreach my $consumer (sort keys %patterns)
{
	$followers{"$consumer.$_"} = { call => "follow('$consumer')" } foreach 1, 2;
}
$followers{naive} = { call => 'follow_naively()' };
keep_following();

sub logs
{
	my ($name, $count) = @_;
	return "SELECT count(eventlog.log_event('$name')) FROM generate_series(1, $count);";
}

# Transactions, how often each is chosen, and whether it logs EVENTS_EACH events that stay, or none.
my $all = logs('kept', EVENTS_EACH);
my $half = logs('kept', EVENTS_EACH / 4) . "\n" . logs('left.out', EVENTS_EACH / 4);
my $undone = logs('undone', 3);
my $pause = "\\set ms random(1, 60)\n\\sleep :ms ms";
my @transactions = (
	[ 4, 1, $all ],
	[ 6, 1, 'BEGIN;', $half, $pause, $half, 'COMMIT;' ],
	[ 2, 0, 'BEGIN;', $undone, $pause, 'ROLLBACK;' ],
	[ 4, 1, 'BEGIN;', 'SAVEPOINT a;', $half, 'RELEASE a;', 'SAVEPOINT b;', $undone, 'ROLLBACK TO b;', $pause, $half, 'COMMIT;' ],
	[ 3, 1, 'BEGIN;', 'SET LOCAL synchronous_commit = off;', $half, $half, $pause, 'COMMIT;' ],
	[ 2, 1, 'BEGIN;', $half, $half, q{PREPARE TRANSACTION 'kept_:client_id';}, $pause, q{COMMIT PREPARED 'kept_:client_id';} ],
	[ 1, 0, 'BEGIN;', $undone, q{PREPARE TRANSACTION 'undone_:client_id';}, $pause, q{ROLLBACK PREPARED 'undone_:client_id';} ]);
my $folder = PostgreSQL::Test::Utils::tempdir('feed');
my ($weights, $keeping) = (0, 0);
my @scripts;
foreach my $number (0 .. $#transactions)
{
	my ($weight, $stays, @lines) = @{ $transactions[$number] };
	append_to_file("$folder/$number.sql", join "\n", @lines, '');
	push @scripts, '-f', "$folder/$number.sql\@$weight";
	$weights += $weight;
	$keeping += $weight * $stays;
}
my $each = int($events / EVENTS_EACH / WRITERS * $weights / $keeping) + 1;
my $writers = start_pgbench($node, '-c', WRITERS, '-j', 2, '-t', $each, @scripts);

# Pollers are ended in the middle of things.
my $ended = 0;
my @pollers = grep { $_ ne 'naive' } sort keys %followers;
while (is_running($writers))
{
	sleep 0.3;
	end_session($pollers[ $ended++ % @pollers ]);
	keep_following();
}
ok($writers->finish, WRITERS . ' sessions logged');
cmp_ok($ended, '>', 2, '... while pollers were ended');

my $count = sub { return $node->safe_psql('postgres', "SELECT count(*) FROM $_[0]") };
my $committed = $count->('eventlog.events');
cmp_ok($committed, '>', $events / 2, "... and committed $committed events");
my %wanted = (everything => 'true', some => q{event_name = 'kept'});
foreach my $consumer (sort keys %patterns)
{
	my $wanted = "(SELECT event_id FROM eventlog.events WHERE $wanted{$consumer}) w";
	my $expected = $count->($wanted);
	wait_until("$consumer has acknowledged all", sub {
			keep_following();
			$count->("done WHERE consumer = '$consumer'") >= $expected
			  && $count->("eventlog.leases WHERE consumer = '$consumer'") eq '0' });
}
end_session($_) foreach keys %followers;
foreach my $follower (values %followers)
{
	$follower->{run}->finish;
	unlike($follower->{err}, qr/ERROR/, 'no poll failed');
}

foreach my $consumer (sort keys %patterns)
{
	my $wanted = "(SELECT event_id FROM eventlog.events WHERE $wanted{$consumer}) w";
	my $done = "(SELECT event_id FROM done WHERE consumer = '$consumer') d";
	my $handed = "(SELECT event_id FROM handed WHERE consumer = '$consumer') h";
	is($count->("$wanted LEFT JOIN $done USING (event_id) WHERE d.event_id IS NULL"), '0', "$consumer: no event is missing");
	is($count->("$handed LEFT JOIN $wanted USING (event_id) WHERE w.event_id IS NULL"), '0', '... none else was handed out');
	is($count->("(SELECT FROM $done GROUP BY event_id HAVING count(*) > 1) twice"), '0', '... none was acknowledged twice');
	is($count->("handed h JOIN done d USING (consumer, event_id) WHERE consumer = '$consumer' AND h.place > d.place"),
		'0', '... none was handed out after that');
	cmp_ok($count->($handed), '>', $count->($wanted), '... and what was not acknowledged came again');
	is($node->safe_psql('postgres', "SELECT lag_events, leased_events FROM eventlog.consumers WHERE name = '$consumer'"),
		'0|0', '... and eventlog.consumers says that nothing is left');
}
cmp_ok($count->('eventlog.events e LEFT JOIN naive USING (event_id) WHERE naive.event_id IS NULL'),
	'>', 0, 'a reader that keeps the last id misses some');
is($count->('eventlog.settled_events'), $committed, 'every event is settled');

$node->stop;
is_free_of_crashes($node);
done_testing();
