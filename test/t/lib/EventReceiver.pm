# The endpoint of test/receiver as a process of the test, driven through its control port.
#
#     my $receiver = EventReceiver->start(api_key => 'secret-1');
#     $receiver->faults({ kind => 'status', status => 500, count => 3 });
#     ... $receiver->url ... $receiver->ids ... $receiver->requests ...
#
# It ends with the test.
package EventReceiver;

use strict;
use warnings FATAL => 'all';

use FindBin;
use HTTP::Tiny;
use IPC::Run;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(sleep time);

# Options: api_key, the key that every request must carry.
sub start
{
	my ($class, %options) = @_;
	my $program = $ENV{RECEIVER} // "$FindBin::RealBin/../receiver/receiver.mjs";
	my $folder = PostgreSQL::Test::Utils::tempdir('receiver');
	my $self = bless {
		record => "$folder/record",
		port_file => "$folder/ports",
		read_to => 0,
		http => HTTP::Tiny->new(timeout => $PostgreSQL::Test::Utils::timeout_default),
		stdin => '',
		stdout => '',
		stderr => '' }, $class;
	my @command = ('node', $program, '--exit-with-stdin', '--record', $self->{record}, '--port-file', $self->{port_file});
	push @command, '--api-key', $options{api_key} if defined $options{api_key};
	$self->{process} = IPC::Run::start(\@command, '<', \$self->{stdin}, '>', \$self->{stdout}, '2>', \$self->{stderr});
	$self->_read_ports;
	return $self;
}

sub _read_ports
{
	my ($self) = @_;
	my $deadline = time + $PostgreSQL::Test::Utils::timeout_default;
	until (-e $self->{port_file})
	{
		die "the receiver does not start: $self->{stderr}" if time > $deadline || !$self->{process}->pumpable;
		$self->{process}->pump_nb;
		sleep 0.02;
	}
	my $ports = decode_json(slurp_file($self->{port_file}));
	$self->{base} = "http://127.0.0.1:$ports->{port}";
	$self->{control} = "http://127.0.0.1:$ports->{controlPort}";
	return;
}

sub stop
{
	my ($self) = @_;
	$self->{process}->finish;
	return;
}

# The address of a path, which for Statsig's format is /v1/log_event and for NDJSON /ndjson.
sub url { return "$_[0]->{base}$_[1]" }

sub _command
{
	my ($self, $method, $path, $content) = @_;
	my $answer = $self->{http}->request($method, "$self->{control}$path", { content => $content // '' });
	die "the receiver's $method $path: $answer->{status} $answer->{content}" unless $answer->{success};
	return decode_json($answer->{content});
}

# Replaces the fault rules; none are left without an argument.
sub faults
{
	my ($self, @rules) = @_;
	$self->_command('POST', '/faults', encode_json(\@rules));
	return;
}

# Takes the endpoint away, with its connections, and back.
sub close_port { $_[0]->_command('POST', '/close'); return }
sub open_port { $_[0]->_command('POST', '/open'); return }

# Forgets faults, counts, ids and requests.
sub reset
{
	my ($self) = @_;
	$self->faults;
	$self->_command('POST', '/reset');
	$self->requests;
	return;
}

# The counts of README.md's GET /stats.
sub stats { return $_[0]->_command('GET', '/stats') }

# The distinct ids that were accepted, in the order of their first arrival.
sub ids { return @{ $_[0]->_command('GET', '/ids') } }

# The requests that reached a verdict since the last call of this or of reset, as README.md's --record has them.
sub requests
{
	my ($self) = @_;
	open my $record, '<', $self->{record} or die "$self->{record}: $!";
	seek $record, $self->{read_to}, 0;
	my @requests = map { decode_json($_) } <$record>;
	$self->{read_to} = tell $record;
	close $record;
	return @requests;
}

1;
