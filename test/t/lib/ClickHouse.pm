# A ClickHouse of the test's own, on loopback, with its configuration and data in a temporary folder. It ends with the test.
#
#     my $clickhouse = ClickHouse->start;
#     $clickhouse->query('SELECT 1'); ... $clickhouse->url('INSERT INTO t FORMAT JSONEachRow') ... $clickhouse->kill9; $clickhouse->run;
package ClickHouse;

use strict;
use warnings FATAL => 'all';

use HTTP::Tiny;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(sleep time);

my %running;

# The path of the server, undef where none is installed. Debian keeps it in a folder that is not in everybody's PATH.
sub program
{
	my ($program) = grep { -x } map { "$_/clickhouse-server" } split(/:/, $ENV{PATH}), '/usr/sbin', '/usr/bin';
	return $program;
}

sub start
{
	my ($class) = @_;
	my $folder = PostgreSQL::Test::Utils::tempdir('clickhouse');
	my $self = bless {
		folder => $folder,
		port => PostgreSQL::Test::Cluster::get_free_port(),
		http => HTTP::Tiny->new(timeout => $PostgreSQL::Test::Utils::timeout_default) }, $class;
	mkdir "$folder/$_" foreach 'data', 'tmp';
	append_to_file("$folder/users.xml", <<'XML');
<yandex>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users>
    <default>
      <password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
    </default>
  </users>
</yandex>
XML
	append_to_file("$folder/config.xml", <<"XML");
<yandex>
  <logger><level>warning</level><log>$folder/log</log><errorlog>$folder/error_log</errorlog></logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>$self->{port}</http_port>
  <path>$folder/data/</path>
  <tmp_path>$folder/tmp/</tmp_path>
  <users_config>$folder/users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <mark_cache_size>5368709120</mark_cache_size>
</yandex>
XML
	$self->run;
	return $self;
}

# Starts the server, for the first time or again, and waits until it answers.
sub run
{
	my ($self) = @_;
	$self->{output} = '';
	$self->{process} = IPC::Run::start(
		[ program(), "--config-file=$self->{folder}/config.xml" ],
		'<', \undef, '>&', \$self->{output}, init => sub { chdir $self->{folder} });
	$running{ $self->{port} } = $self->{process};
	my $deadline = time + $PostgreSQL::Test::Utils::timeout_default;
	until ($self->{http}->get($self->url)->{success})
	{
		die "ClickHouse does not start: $self->{output}" if time > $deadline || !$self->{process}->pumpable;
		$self->{process}->pump_nb;
		sleep 0.05;
	}
	return;
}

# Ends the server at once, whatever it is doing.
sub kill9
{
	my ($self) = @_;
	$self->{process}->signal('KILL');
	$self->{process}->finish;
	delete $running{ $self->{port} };
	return;
}

# The address of the server, and of a query that the content of a request belongs to; settings are those of the query.
sub url
{
	my ($self, $query, %settings) = @_;
	my $url = "http://127.0.0.1:$self->{port}/";
	my $parameters = join '&', (defined $query ? 'query=' . _escape($query) : ()),
	  map { "$_=" . _escape($settings{$_}) } sort keys %settings;
	return length $parameters ? "$url?$parameters" : $url;
}

sub _escape { return $_[0] =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ger }

# The answer to the query, without its last newline.
sub query
{
	my ($self, $query) = @_;
	my $answer = $self->{http}->post($self->url, { content => $query });
	die "ClickHouse: $query: $answer->{content}" unless $answer->{success};
	return $answer->{content} =~ s/\n\z//r;
}

# A test that dies leaves no server behind.
END
{
	local $?;
	$_->signal('KILL') foreach grep { $_->pumpable } values %running;
}

1;
