# eventlog.metrics() as a monitoring system reads it, and what the counters do when the server starts anew.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventlogTest;
use EventReceiver;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

# The distribution's interpreter, which has its packages.
my $python = $ENV{PYTHON} // '/usr/bin/python3';
system("$python -c 'import prometheus_client.parser' 2>/dev/null") == 0
  or plan skip_all => 'python3-prometheus-client is not installed';

my $receiver = EventReceiver->start;
my $node = start_eventlog('metrics');

# The samples of metrics(), by the parser of Prometheus' own client: {name}{labels as sorted JSON} = value.
sub metrics
{
	my $text = $node->safe_psql('postgres', 'SELECT eventlog.metrics()') . "\n";
	my $program = <<'PYTHON';
import json, sys
from prometheus_client.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(sys.stdin.read()))
print(json.dumps({
    "families": {f.name: [f.type, f.documentation] for f in families},
    "samples": [[s.name, json.dumps(s.labels, sort_keys=True), s.value] for f in families for s in f.samples]}))
PYTHON
	my ($out, $error) = ('', '');
	IPC::Run::run([ $python, '-c', $program ], '<', \$text, '>', \$out, '2>', \$error) or die "the parser refuses: $error\n$text";
	my $parsed = decode_json($out);
	my %samples;
	foreach my $sample (@{ $parsed->{samples} })
	{
		my ($name, $labels, $value) = @$sample;
		die "$name $labels is there twice" if exists $samples{$name}{$labels};
		$samples{$name}{$labels} = $value;
	}
	return (\%samples, $parsed->{families});
}

my $odd = qq{odd "name" \\ of\ntwo lines, {braces}};
my $labels = encode_json({ target => $odd }) =~ s/":"/": "/r;
$node->safe_psql('postgres', sprintf 'CREATE SERVER "%s" FOREIGN DATA WRAPPER eventlog OPTIONS (url \'%s\', format \'statsig\')',
	$odd =~ s/"/""/gr, $receiver->url('/v1/log_event'));

my ($samples, $families) = metrics();
is(scalar(grep { $_->[0] !~ /\A(?:counter|gauge)\z/ || $_->[1] eq '' } values %$families), 0, 'every family has a type and a help text');
is($samples->{eventlog_target_lag_events}{$labels}, 0, 'a label with all that must be escaped is read back')
  or diag(explain($samples->{eventlog_target_lag_events}));
is(scalar keys %{ $samples->{eventlog_target_state} }, 6, 'a target has a sample for each state');

my $before = $samples->{eventlog_logged_events_total}{'{}'};
$receiver->faults({ kind => 'refuse_events', names => ['bad'] });
log_events($node, ('good') x 3);
log_events($node, 'bad');
wait_for_ids($receiver, 3);
$node->psql('postgres', q{SELECT eventlog.log_event('')}) foreach 1 .. 2;
log_events($node, 'good');
wait_until('the bad one is dead', sub { $node->safe_psql('postgres', 'SELECT dead = 1 AND lag_events = 0 FROM eventlog.forward_status') eq 't' });
($samples) = metrics();
is($samples->{eventlog_logged_events_total}{'{}'} - $before, 5, 'logged events are counted');
is($samples->{eventlog_rejected_calls_total}{'{"sqlstate": "22023"}'}, 2, 'refused calls are counted by SQLSTATE');
is($samples->{eventlog_target_sent_events_total}{$labels}, 4, 'sent events are counted');
is($samples->{eventlog_target_dead_events_total}{$labels}, 1, 'dead letters are counted');
is($samples->{eventlog_target_dead_letters}{$labels}, 1, '... and there');
cmp_ok($samples->{eventlog_partitions_ahead}{'{}'}, '>=', 1, 'partitions are ready');

# The counts of concurrent sessions add up.
my $logged = $samples->{eventlog_logged_events_total}{'{}'};
my $script = PostgreSQL::Test::Utils::tempdir('metrics') . '/script.sql';
append_to_file($script, "BEGIN;\nSELECT eventlog.log_event('many');\nSAVEPOINT s;\nSELECT eventlog.log_event('many');\nROLLBACK TO s;\nCOMMIT;\n");
ok(start_pgbench($node, '-c', 4, '-t', 250, '-f', $script)->finish, 'four sessions log');
is((metrics())[0]->{eventlog_logged_events_total}{'{}'} - $logged, 1000, 'none of their events is missed');

$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION eventlog');
is($node->safe_psql('other', 'SELECT logged, rejected FROM eventlog.stats'), '0|0', 'another database has counters of its own');
$node->safe_psql('other', q{SELECT eventlog.log_event('elsewhere')});
is($node->safe_psql('other', 'SELECT logged FROM eventlog.stats'), '1', '... that grow');
$node->safe_psql('postgres', 'DROP DATABASE other');

$node->restart;
is($node->safe_psql('postgres', 'SELECT logged, rejected, forwarded, dead, counted_since > pg_postmaster_start_time() FROM eventlog.stats'),
	'0|0|4|1|t', 'a start of the server resets the counters of calls, and not those of targets');

is_free_of_crashes($node);
$node->stop;
$receiver->stop;
done_testing();
