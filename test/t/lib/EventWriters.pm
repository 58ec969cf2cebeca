# Eight sessions that log without end, in all the ways in which a transaction can end, and what became of their events.
#
#     my $writers = EventWriters->new($node, rate => 100);
#     $writers->keep_writing;    # now and then: begins, and begins again after the server has gone
#     $writers->stop;
#     resolve_prepared($node);
#     my $delivery = delivery_of($node, map { @{ $_->{ids} } } grep { $_->{accepted} } $receiver->requests);
#
# Names tell what becomes of an event: kept and async are committed, undone are not. Metadata tells the session, but where the
# transaction ends in another order than it has logged.
package EventWriters;

use strict;
use warnings FATAL => 'all';

use EventlogTest;
use Exporter 'import';
use POSIX qw(:sys_wait_h);
use PostgreSQL::Test::Utils;

our @EXPORT = qw(delivery_of resolve_prepared);

use constant WRITERS => 8;

my $log = q{SELECT count(eventlog.log_event('%s', jsonb_build_object('client', :client_id), source => 'writers'))}
  . q{ FROM generate_series(1, %d);};
my $homeless = q{SELECT count(eventlog.log_event('%s', source => 'writers')) FROM generate_series(1, %d);};

sub _kept { return sprintf $log, 'kept', $_[0] }
sub _undone { return sprintf $log, 'undone', $_[0] }

# Transactions, and how often each is chosen.
my @transactions = (
	[ 6, _kept(1) ],
	[ 3, 'BEGIN;', _kept(5), _kept(5), 'COMMIT;' ],
	[ 3, 'BEGIN;', _undone(5), 'ROLLBACK;' ],
	[ 2, 'BEGIN;', 'SAVEPOINT a;', _kept(2), 'RELEASE a;', 'SAVEPOINT b;', _undone(2), 'ROLLBACK TO b;', _kept(2), 'COMMIT;' ],
	[ 2, 'BEGIN;', _kept(2), '\set ms random(10, 400)', '\sleep :ms ms', _kept(2), 'COMMIT;' ],
	[ 1, 'BEGIN;', _undone(2), '\set ms random(10, 400)', '\sleep :ms ms', 'ROLLBACK;' ],
	[ 2, 'BEGIN;', 'SET LOCAL synchronous_commit = off;', sprintf($log, 'async', 3), 'COMMIT;' ],
	[ 1, '\set n random(1, 2000000000)', 'BEGIN;', sprintf($homeless, 'kept', 2), q{PREPARE TRANSACTION 'kept_:n';},
		'\set ms random(1, 200)', '\sleep :ms ms', q{COMMIT PREPARED 'kept_:n';} ],
	[ 1, '\set n random(1, 2000000000)', 'BEGIN;', sprintf($homeless, 'undone', 2), q{PREPARE TRANSACTION 'undone_:n';},
		'\set ms random(1, 200)', '\sleep :ms ms', q{ROLLBACK PREPARED 'undone_:n';} ]);

# Options: rate, how many transactions a second at most, of all sessions; transactions, to take the place of those above, each with
# how often it is chosen.
sub new
{
	my ($class, $node, %options) = @_;
	my $folder = PostgreSQL::Test::Utils::tempdir('writers');
	my $self = bless { node => $node, rate => $options{rate}, folder => $folder, log => "$folder/pgbench.log" }, $class;
	my @chosen = @{ $options{transactions} // \@transactions };
	foreach my $number (0 .. $#chosen)
	{
		my ($weight, @lines) = @{ $chosen[$number] };
		append_to_file("$folder/$number.sql", join "\n", @lines, '');
		push @{ $self->{scripts} }, '-f', "$folder/$number.sql\@$weight";
	}
	return $self;
}

# Has the sessions write. Those whose connection has been lost do not come back before all of them have ended.
sub keep_writing
{
	my ($self) = @_;
	return if defined $self->{pid} && waitpid($self->{pid}, WNOHANG) == 0;
	my @command = ('pgbench', '-n', '-c', WRITERS, '-j', 2, '-T', 3600, '-R', $self->{rate}, @{ $self->{scripts} },
		$self->{node}->connstr('postgres'));
	$self->{pid} = fork // die "fork: $!";
	return if $self->{pid};
	open STDIN, '<', '/dev/null';
	open STDOUT, '>>', $self->{log};
	open STDERR, '>&', \*STDOUT;
	{ no warnings 'exec'; exec @command }
	POSIX::_exit(127);
}

# The statements that have failed since the writers began, or since forget_failures, as pgbench reports them.
sub failures
{
	my ($self) = @_;
	return join "\n", PostgreSQL::Test::Utils::slurp_file($self->{log}) =~ /^(.*(?:aborted|ERROR:|FATAL:).*)$/mg;
}

# Once all sessions have ended, as a restart of the server makes them.
sub forget_failures
{
	my ($self) = @_;
	waitpid $self->{pid}, 0 if defined $self->{pid};
	delete $self->{pid};
	unlink $self->{log};
	return;
}

# Ends the sessions, with the transactions that they have open, and waits until the server, if it is there, has noticed.
sub stop
{
	my ($self) = @_;
	return if !defined $self->{pid};
	if (waitpid($self->{pid}, WNOHANG) == 0)
	{
		kill 'TERM', $self->{pid};
		waitpid $self->{pid}, 0;
	}
	delete $self->{pid};
	wait_until('the sessions of pgbench have ended', sub {
		return 1 if !-e $self->{node}->data_dir . '/postmaster.pid';
		return $self->{node}->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgbench'}) eq '0';
	});
	return;
}

# Ends what the writers have left prepared, each second transaction as they would have.
sub resolve_prepared
{
	my ($node) = @_;
	my @left = split /\n/, $node->safe_psql('postgres', 'SELECT gid FROM pg_prepared_xacts ORDER BY gid');
	$node->safe_psql('postgres', ($_ =~ /^kept/ ? 'COMMIT' : 'ROLLBACK') . " PREPARED '$_'") foreach @left;
	return scalar @left;
}

# Returns the fate of the writers' events, given the ids that have been accepted in the order of their arrival, repeated where they
# were: committed, the number of events; missing and unknown, ids that are in one of log and arrivals only; duplicates, how
# often an id arrived again; disordered, how many ids arrived first after a later one of the same session.
sub delivery_of
{
	my ($node, @arrivals) = @_;
	my %client_of = map { my ($id, $client) = split /\|/, $_, -1; $id => $client } split /\n/,
	  $node->safe_psql('postgres', q{SELECT event_id, metadata->>'client' FROM eventlog.events WHERE source = 'writers'});
	my (%seen, %last, @unknown);
	my ($duplicates, $disordered) = (0, 0);
	foreach my $id (@arrivals)
	{
		next if $seen{$id}++ && ++$duplicates;
		my $client = $client_of{$id};
		push @unknown, $id if !defined $client;
		next if ($client // '') eq '';
		$disordered++ if $id lt ($last{$client} // '');
		$last{$client} = $id;
	}
	return {
		committed => scalar keys %client_of,
		missing => [ grep { !$seen{$_} } sort keys %client_of ],
		unknown => \@unknown,
		duplicates => $duplicates,
		disordered => $disordered };
}

1;
