# Subtests with one target each, `t`, in NDJSON's format, on one server that the test starts.
#
#     my $node = start_eventlog('security');
#     use_node($node);
#     with_target 'what is expected' => { url => …, ca_file => … }, { api_key => … }, sub { ... };
package SecurityScenario;

use strict;
use warnings FATAL => 'all';

use EventlogTest;
use Exporter 'import';
use Test::More;

our @EXPORT = qw(use_node sql with_target arrives fails_with);

my $node;

sub use_node { ($node) = @_; return }

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub _list
{
	my ($options) = @_;
	return join ', ', map { "$_ '" . $options->{$_} =~ s/'/''/gr . q{'} } sort keys %$options;
}

# A subtest with the target, made with the options of its server and of its user mapping.
sub with_target
{
	my ($name, $options, $credentials, $body) = @_;
	subtest $name => sub {
		sql('CREATE SERVER t FOREIGN DATA WRAPPER eventlog OPTIONS (' . _list({ format => 'ndjson', %$options }) . ')'
			  . (%$credentials ? ';CREATE USER MAPPING FOR CURRENT_USER SERVER t OPTIONS (' . _list($credentials) . ')' : ''));
		eval { $body->(); 1 } or fail("ended early: $@");
		sql('DROP SERVER t CASCADE');
	};
	return;
}

# Checks that an event logged now reaches the endpoint.
sub arrives
{
	my ($receiver, $what) = @_;
	my ($id) = log_events($node, 'sent');
	my $arrived = eval {
		wait_until('it has arrived', sub { grep { $_ eq $id } $receiver->ids });
		1;
	};
	ok($arrived, $what) or diag(explain(forward_status($node, 't')));
	return;
}

# Checks that an event stays, with the target in this state and its last error like this.
sub fails_with
{
	my ($state, $error, $what) = @_;
	log_events($node, 'kept');
	my $status = {};
	eval {
		wait_until("the target is $state", sub {
				$status = forward_status($node, 't');
				return $status->{state} eq $state && ($status->{last_error} // '') =~ $error;
			});
		1;
	};
	is($status->{state}, $state, "$what: $state");
	like($status->{last_error} // '', $error, '... ' . ($status->{last_error} // ''));
	cmp_ok($status->{lag_events}, '>', 0, '... and the event waits');
	return;
}

1;
