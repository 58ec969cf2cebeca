# More databases than there are slots for workers: those without the extension keep no slot from one that has it.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventlogTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant DATABASES => 130; # two more than slots, besides the two that every cluster has

my $node = PostgreSQL::Test::Cluster->new('crowded');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', join "\n", q{shared_preload_libraries = 'eventlog'}, 'max_worker_processes = 160', 'max_connections = 20');
$node->start;
$node->safe_psql('postgres', join '', map { "CREATE DATABASE d$_ TEMPLATE template0;\n" } 1 .. DATABASES);

my $served = q{SELECT coalesce(string_agg(datname, ' '), 'none') FROM pg_stat_activity WHERE backend_type = 'eventlog worker'};
my $last = 'd' . DATABASES;
$node->safe_psql($last, 'CREATE EXTENSION eventlog');
like($node->safe_psql($last, q{SELECT eventlog.log_event_autonomous('served')}), qr/^[0-9a-f-]{36}$/, 'the last database gets a worker when it asks for one');

$node->restart;
wait_until('the last database has its worker again', sub { $node->safe_psql('postgres', $served) eq $last });
pass('... and when the server starts, after all others have been tried');
$node->safe_psql('d1', 'CREATE EXTENSION eventlog');
wait_until('another database has one, too', sub { $node->safe_psql('postgres', $served) =~ /\bd1\b/ });
pass('a database that was tried in vain gets one when it has the extension');
is_free_of_crashes($node);
$node->stop;
done_testing();
