# Each example of README.md and docs/ runs as it stands there, page by page, each page on a server of its own; an error that a page does
# not show is a failure, and so is an output that differs from the one that it shows. DocumentedPage.pm tells which block is what.
#
# For the port that a page names and for /tmp the test takes a free port and a folder of its own. A page that names endpoints
# elsewhere than on 127.0.0.1 only declares them: its server sends nothing.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use DocumentedPage;
use EventlogTest;
use IPC::Run;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant DOCUMENTED_PORT => 8088;

my $jdbc = $ENV{EVENTLOG_JDBC} // '/usr/share/java/postgresql.jar';

# One psql session to a server: run(text) returns what it printed.
package Session
{
	sub start
	{
		my ($class, $node) = @_;
		my $self = bless { in => '', out => '', count => 0, timer => IPC::Run::timer($PostgreSQL::Test::Utils::timeout_default) }, $class;
		$self->{psql} = IPC::Run::start([ 'psql', '-Xq', '-P', 'pager=off', '-d', $node->connstr('postgres') ],
			'<', \$self->{in}, '>&', \$self->{out}, $self->{timer});
		return $self;
	}

	sub run
	{
		my ($self, $text) = @_;
		my $mark = '== end ' . ++$self->{count};
		$self->{timer}->start;
		$self->{in} .= "$text\n\\echo '$mark'\n";
		$self->{psql}->pump until $self->{out} =~ /^\Q$mark\E\n/m;
		$self->{timer}->reset;
		my ($printed) = $self->{out} =~ /\A(.*?)^\Q$mark\E\n/ms;
		$self->{out} = '';
		return $printed;
	}

	sub stop
	{
		my ($self) = @_;
		$self->{in} .= "\\q\n";
		$self->{psql}->finish;
		return;
	}
}

# Groups of processes that shell examples have left behind.
my @groups;

sub end_groups
{
	kill TERM => map { -$_ } @groups;
	@groups = ();
	return;
}
END { local $?; end_groups() }

# Runs a command in the checkout; returns what it printed, and whether it failed.
sub run_here
{
	my ($node, $folder, @command) = @_;
	my $printed = "$folder/printed";
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'postgres', PGUSER => getpwuid $<);
	my $group;
	my $process = IPC::Run::start(\@command, '<', \undef, '>&', $printed,
		init => sub { POSIX::setpgid(0, 0); chdir DocumentedPage::root() });
	push @groups, $process->{KIDS}[0]{PID} if $command[-1] =~ /&$/m;
	my $good = $process->finish;
	# A reader types the next command when the last one is ready.
	wait_until('the command in the background is ready', sub { slurp_file($printed) ne '' }) if $command[-1] =~ /&$/m;
	return (slurp_file($printed), !$good);
}

# The command that runs a program in this language, and undef where something is missing.
sub program
{
	my ($folder, $language, $text) = @_;
	unlink "$folder/program.py", "$folder/Program.java";
	if ($language eq 'python')
	{
		my ($module) = $text =~ /^import (\w+)/m;
		return if !IPC::Run::run([ 'python3', '-c', "import $module" ], '>&', \my $ignored);
		append_to_file("$folder/program.py", $text);
		return ('python3', "$folder/program.py");
	}
	return if $language ne 'java' || !-e $jdbc || !IPC::Run::run([ 'javac', '-version' ], '>&', \my $ignored);
	append_to_file("$folder/Program.java", $text);
	return ('java', '-cp', $jdbc, "$folder/Program.java");
}

# Returns the output of an example and whether it failed; undef if it cannot run here.
sub run_example
{
	my ($node, $session, $folder, $example) = @_;
	my ($language, $text) = @{$example}{qw(language text)};
	if ($language eq 'sql')
	{
		my $printed = $session->run($text);
		return ($printed, $printed =~ /^(?:psql:\S+ )?(?:ERROR|FATAL|PANIC|WARNING|error|warning|no rows returned|invalid command)\b/m);
	}
	return run_here($node, $folder, 'sh', '-eu', '-c', $text) if $language eq 'sh';
	my @command = program($folder, $language, $text);
	return @command ? run_here($node, $folder, @command) : ();
}

# A psql session of its own for a row of a table of errors: its calls in order, of which the last one fails as the row says.
sub check_error
{
	my ($node, $row) = @_;
	my ($rule, $sqlstate, $message, $example) = @$row;
	my @calls = $example =~ /`([^`]+)`/g;
	my $script = join '', "\\set VERBOSITY verbose\n", map { (/^[A-Z]/ ? $_ : "SELECT eventlog.$_") . ";\n" } @calls;
	$node->psql('postgres', $script, on_error_stop => 0, stderr => \my $errors);
	my ($found, $text) = $errors =~ /^(?:psql:\S+ )?ERROR:  (\w{5}): (.*)/m;
	my ($constraint) = $errors =~ /^CONSTRAINT NAME:  (\w+)/m;
	my $difference = DocumentedPage::difference({ language => 'text', text => $message }, $text // $errors);
	my $name = "$sqlstate: $message";
	is(join(' ', $found // 'none', $constraint // ''), join(' ', $sqlstate, $rule =~ tr/`//dr), $name) or diag($errors);
	ok(!defined $difference, '... with that message') or diag($difference);
	return;
}

sub run_page
{
	my ($path) = @_;
	my $page = DocumentedPage->read($path);
	my @examples = $page->examples;
	my $folder = PostgreSQL::Test::Utils::tempdir('page');
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	foreach my $example (@examples)
	{
		$example->{text} =~ s{\b@{[DOCUMENTED_PORT]}\b}{$port}g;
		$example->{text} =~ s{/tmp/}{$folder/}g;
	}
	my $everything = join '', map { $_->{text} } @examples;
	my $declares = $everything =~ m{\burl '(?!http://127\.0\.0\.1:)};

	my $node = PostgreSQL::Test::Cluster->new($path =~ s/\W/_/gr);
	$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$node->append_conf('postgresql.conf', join "\n",
		q{shared_preload_libraries = 'eventlog'}, q{listen_addresses = '127.0.0.1'}, 'wal_level = logical', 'max_prepared_transactions = 10', 'log_statement = none',
		($declares ? 'eventlog.forwarding = off' : ()), $page->configuration);
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION eventlog') if $everything !~ /^CREATE EXTENSION eventlog;/m;
	my $session = Session->start($node);
	foreach my $example (@examples)
	{
		my $name = "$path, line $example->{line}: $example->{language}";
	  SKIP:
		{
			my ($printed, $failed) = run_example($node, $session, $folder, $example);
			skip "$name cannot run here", 1 if !defined $printed;
			my $difference = !defined $example->{expected} ? ($failed ? $printed : undef)
			  : DocumentedPage::difference($example->{expected}, $printed);
			ok(!defined $difference, $name) or diag($difference);
		}
	}
	check_error($node, $_) foreach $page->errors;
	if ($path eq 'docs/reference.md')
	{
		my $text = slurp_file(DocumentedPage::root() . "/$path");
		my $settings = $node->safe_psql('postgres', q{LOAD 'eventlog'; SELECT name FROM pg_settings WHERE name LIKE 'eventlog.%'});
		is(join(' ', grep { $text !~ /`\Q$_\E`/ } split /\n/, $settings), '', "$path has all settings");
		my $public = $node->safe_psql('postgres', <<'SQL');
SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'eventlog'::regnamespace
UNION ALL SELECT relname FROM pg_class WHERE relnamespace = 'eventlog'::regnamespace AND relkind = 'v'
SQL
		is(join(' ', grep { $text !~ /`\Q$_\E\b/ } split /\n/, $public), '', '... and all public functions and views');
	}
	$session->stop;
	end_groups();
	$node->stop;
	return;
}

# Pages may be named on the command line.
# The ids of the table of rules, with their SQLSTATEs.
sub rules
{
	my ($table) = grep { -e } map { DocumentedPage::root() . "/src/$_" } 'rules/rules.inc', 'event/problem.cpp';
	return slurp_file($table) =~ /(?:RULE\(|RULE_CASE\(\w+, |NAMED\(Rule, )(\w+)\)?,\s*"(\w{5})"/g;
}
my %rules = rules();
my $errors = slurp_file(DocumentedPage::root() . '/docs/errors.md');
is(join(' ', grep { $errors !~ /^\| `$_` \| $rules{$_} \|/m } sort keys %rules), '', 'docs/errors.md has all rules, with their SQLSTATEs');
cmp_ok(scalar keys %rules, '>', 20, '... of which there are some');

foreach my $path (@ARGV ? @ARGV : DocumentedPage::all())
{
	my $page = DocumentedPage->read($path);
	is(join(' ', $page->broken_links), '', "the links of $path lead somewhere");
	subtest $path => sub { run_page($path) } if $page->examples;
}

# The pages that `make install` has installed.
chomp(my $installed = `pg_config --docdir` . '');
my @installed = map { glob "$installed/extension/$_" } 'eventlog.md', 'eventlog/*.md';
cmp_ok(scalar @installed, '>', scalar DocumentedPage::all(), 'all pages are installed, and the list of changes');
is(join(' ', map { DocumentedPage->read($_)->broken_links } @installed), '', '... and their links lead somewhere');

done_testing();
