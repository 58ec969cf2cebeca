# The endpoint of test/receiver as a process of the test, driven through its control port; what it can do is told in
# the README.md there.
#
#     my $receiver = EventReceiver->start(api_key => 'secret-1');
#     $receiver->faults({ kind => 'status', status => 500, count => 3 });
#     ... $receiver->url('/v1/log_event') ... $receiver->ids ... $receiver->requests ...
#
#     my $tls = make_certificates();
#     my $secure = EventReceiver->start(certificate => "$tls/valid", client_ca => "$tls/ca.crt", proxy => 'user:password');
#     ... ca_file => "$tls/ca.crt", client_cert_file => "$tls/client.crt", proxy => $secure->proxy_url ...
#
# It ends with the test.
package EventReceiver;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use File::Basename;
use File::Spec;
use FindBin;
use HTTP::Tiny;
use IPC::Run;
use JSON::PP;
use List::Util qw(sum0);
use PostgreSQL::Test::Utils;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(make_certificates);

my $program = $ENV{RECEIVER} // "$FindBin::RealBin/../receiver/receiver.mjs";

# Makes the certificates that receiver/make-certificates tells of in a temporary folder, whose path it returns.
sub make_certificates
{
	my $folder = File::Spec->rel2abs(PostgreSQL::Test::Utils::tempdir('certificates'));
	PostgreSQL::Test::Utils::system_or_bail(dirname($program) . '/make-certificates', $folder);
	return $folder;
}

# Options, all of which may be left out:
#   api_key         the key that every request must carry
#   signing_secret  the secret (whsec_...) with which every request must be signed
#   certificate     speaks TLS with this certificate: a path without .crt and .key
#   client_ca       ... to clients with a certificate of this authority, a file
#   proxy           starts a proxy as well: 1, or the user:password that it demands
#   keep_bodies     requests() tells the parsed events
#   keep_requests   ... and headers and text
sub start
{
	my ($class, %options) = @_;
	my $folder = PostgreSQL::Test::Utils::tempdir('receiver');
	my $self = bless {
		record => "$folder/record",
		port_file => "$folder/ports",
		read_to => 0,
		http => HTTP::Tiny->new(timeout => $PostgreSQL::Test::Utils::timeout_default),
		stdin => '',
		stdout => '',
		stderr => '' }, $class;
	$self->{arguments} = [ _arguments(%options) ];
	$self->{scheme} = defined $options{certificate} ? 'https' : 'http';
	$self->{proxy_credentials} = $options{proxy} if ($options{proxy} // 1) ne '1';
	$self->_run;
	return $self;
}

sub _run
{
	my ($self, @options) = @_;
	my @command = ('node', $program, '--exit-with-stdin', '--record', $self->{record}, '--port-file', $self->{port_file});
	push @command, @{ $self->{arguments} }, @options;
	$self->{process} = IPC::Run::start(\@command, '<', \$self->{stdin}, '>', \$self->{stdout}, '2>', \$self->{stderr});
	$self->_read_ports;
	return;
}

# The command line of start's options.
sub _arguments
{
	my (%options) = @_;
	my @arguments;
	foreach my $option (qw(api_key signing_secret client_ca))
	{
		push @arguments, '--' . $option =~ tr/_/-/r, $options{$option} if defined $options{$option};
	}
	foreach my $switch (qw(keep_bodies keep_requests))
	{
		push @arguments, '--' . $switch =~ tr/_/-/r if $options{$switch};
	}
	my ($certificate, $proxy) = @options{qw(certificate proxy)};
	push @arguments, '--tls-cert', "$certificate.crt", '--tls-key', "$certificate.key" if defined $certificate;
	push @arguments, '--proxy-port', 0 if $proxy;
	push @arguments, '--proxy-credentials', $proxy if $proxy && $proxy ne '1';
	return @arguments;
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
	$self->{port} = $ports->{port};
	$self->{proxy_port} = $ports->{proxyPort};
	$self->{control} = "http://127.0.0.1:$ports->{controlPort}";
	return;
}

sub stop
{
	my ($self) = @_;
	$self->{process}->finish;
	return;
}

# Ends the endpoint's process at once and starts another at the same port. What it counted is forgotten, but requests()
# goes on.
sub crash
{
	my ($self) = @_;
	$self->{process}->signal('KILL');
	$self->{process}->finish;
	unlink $self->{port_file};
	$self->_run('--port', $self->{port});
	return;
}

# The address of a path, which README.md tells for each format; the host is 127.0.0.1 unless another name is given.
sub url
{
	my ($self, $path, $host) = @_;
	return "$self->{scheme}://" . ($host // '127.0.0.1') . ":$self->{port}$path";
}

# The ports of the endpoint and of the proxy.
sub port { return $_[0]->{port} }
sub proxy_port { return $_[0]->{proxy_port} }

# The address of the proxy, with the credentials that it demands.
sub proxy_url
{
	my ($self) = @_;
	my $credentials = defined $self->{proxy_credentials} ? "$self->{proxy_credentials}\@" : '';
	return "http://${credentials}127.0.0.1:$self->{proxy_port}";
}

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

# Forgets faults, counts, ids, what was proxied, and requests.
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

# The number of requests whose headers have come, whatever became of them.
sub request_count { return $_[0]->stats->{requests} }

# The number of requests without a verdict yet: those of a sender that has gone count on their arrival only after their delay.
sub pending_count
{
	my $stats = $_[0]->stats;
	return $stats->{requests} - sum0(values %{ $stats->{by_status} });
}

# The distinct ids that were accepted, in the order of their first arrival. They are the events' ids in every format.
sub ids { return @{ $_[0]->_command('GET', '/ids') } }

# When each id was accepted first: {id => Unix milliseconds, with a fraction}.
sub arrivals { return $_[0]->_command('GET', '/arrivals') }

# How long each id took from the time given for it to its first arrival, in milliseconds: {id => ms}, of the ids that
# have arrived. The argument is {id => Unix milliseconds}.
sub durations
{
	my ($self, $since) = @_;
	my $arrivals = $self->arrivals;
	return { map { $_ => $arrivals->{$_} - $since->{$_} } grep { defined $arrivals->{$_} } keys %$since };
}

# Returns the requests to the proxy: {at, method, target, authorised} each.
sub proxied { return @{ $_[0]->_command('GET', '/proxied') } }

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
