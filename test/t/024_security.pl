# Whom a target trusts, and where it can be made to connect to: TLS, proxies, redirects, allowed hosts, and keys in
# files and variables.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";

use EventReceiver;
use EventlogTest;
use PostgreSQL::Test::Utils;
use SecurityScenario;
use Test::More;

my $path = '/ndjson';
my $tls = make_certificates();
my $ca = "$tls/ca.crt";
my $not_allowed = qr/eventlog\.allowed_hosts does not allow/;
my $keys = PostgreSQL::Test::Utils::tempdir('keys');

# Targets ignore the proxies that the server's environment names; nothing listens on port 1.
local @ENV{qw(http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY)} = ('http://127.0.0.1:1') x 5;
local $ENV{EVENTLOG_TEST_KEY} = 'secret-TheRightKey-4711';
my $node = start_eventlog('security', 'eventlog.poll_interval = 100ms', 'eventlog.max_retry_interval = 200ms');
delete @ENV{qw(http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY)};
use_node($node);

# ---- the endpoint's certificate --------------------------------------------------------------------------------------

{
	my $receiver = EventReceiver->start(certificate => "$tls/valid");
	with_target 'a valid certificate' => { url => $receiver->url($path), ca_file => $ca }, {}, sub {
		arrives($receiver, 'is trusted');
	};
	with_target 'a certificate for a name' => { url => $receiver->url($path, 'localhost'), ca_file => $ca }, {}, sub {
		arrives($receiver, 'is trusted under it');
	};
	with_target 'a certificate of an authority that the system does not know' => { url => $receiver->url($path) }, {}, sub {
		my $before = $receiver->request_count;
		fails_with('waiting', qr/certificate/, 'not trusted without ca_file');
		is($receiver->request_count, $before, 'no request has been sent');
		sql("ALTER SERVER t OPTIONS (ADD ca_file '$ca')");
		arrives($receiver, 'ca_file, added while the event waits, is used');
		sql('ALTER SERVER t OPTIONS (DROP ca_file)');
		fails_with('waiting', qr/certificate/, 'ca_file, dropped, is not');
	};
	with_target 'a ca_file that is not there' => { url => $receiver->url($path), ca_file => "$tls/none" }, {}, sub {
		fails_with('waiting', qr/certificate/, 'no fallback to the system');
	};
	# No TLS connection is kept, which some versions of libcurl would use for it.
	$receiver->close_port;
	$receiver->open_port;
	with_target 'plain HTTP to a TLS port' => { url => $receiver->url($path) =~ s/^https/http/r }, {}, sub {
		fails_with('waiting', qr/./, 'no answer');
	};
	$receiver->stop;
}

foreach my $case ([ 'expired', qr/expired/ ], [ 'other-host', qr/certificate subject name|no alternative certificate/ ],
	[ 'self-signed', qr/self.signed certificate/ ])
{
	my ($certificate, $error) = @$case;
	my $receiver = EventReceiver->start(certificate => "$tls/$certificate");
	with_target "certificate $certificate" => { url => $receiver->url($path), ca_file => $ca }, { api_key => 'secret-1' }, sub {
		fails_with('waiting', $error, 'not trusted');
		is($receiver->request_count, 0, 'no request has been sent');
	};
	$receiver->stop;
}

# ---- the client's certificate ----------------------------------------------------------------------------------------

{
	my $receiver = EventReceiver->start(certificate => "$tls/valid", client_ca => $ca);
	my %server = (url => $receiver->url($path), ca_file => $ca);
	with_target 'a client certificate' =>
	  { %server, client_cert_file => "$tls/client.crt", client_key_file => "$tls/client.key" }, {}, sub {
		arrives($receiver, 'is shown');
		is(($receiver->requests)[-1]{client}, 'client', '... by its name');
	  };
	with_target 'an endpoint that wants one' => {%server}, {}, sub {
		fails_with('waiting', qr/./, 'none');
	};
	with_target 'a client certificate of another authority' =>
	  { %server, client_cert_file => "$tls/other-client.crt", client_key_file => "$tls/other-client.key" }, {}, sub {
		fails_with('waiting', qr/./, 'not trusted');
	  };
	PostgreSQL::Test::Utils::system_or_bail(
		qw(openssl pkey -aes256 -passout pass:x), '-in' => "$tls/client.key", '-out' => "$tls/encrypted.key");
	# Under a name of its own, or the connection that is kept for the first target would do.
	append_to_file("$tls/encrypted.crt", slurp_file("$tls/client.crt"));
	with_target 'a client key that is encrypted' =>
	  { %server, client_cert_file => "$tls/encrypted.crt", client_key_file => "$tls/encrypted.key" }, {}, sub {
		fails_with('waiting', qr/key/, 'nobody is asked for its password');
	  };
	$receiver->stop;
}

# ---- proxies ---------------------------------------------------------------------------------------------------------

{
	my $receiver = EventReceiver->start(certificate => "$tls/valid", proxy => 'user:secret-OfTheProxy', keep_requests => 1);
	my $plain = EventReceiver->start(proxy => 1);
	my $proxy = 'http://127.0.0.1:' . $receiver->proxy_port;
	my $authorization = 'Proxy-Authorization: Basic dXNlcjpzZWNyZXQtT2ZUaGVQcm94eQ==';
	with_target 'https through a proxy' => { url => $receiver->url($path), ca_file => $ca, proxy => $proxy },
	  { headers => $authorization }, sub {
		arrives($receiver, 'goes through a tunnel');
		my ($asked) = $receiver->proxied;
		is("$asked->{method} $asked->{target}", 'CONNECT 127.0.0.1:' . $receiver->port, 'the proxy was asked for it');
		ok(!exists(($receiver->requests)[-1]{headers}{'proxy-authorization'}), "the endpoint did not get the proxy's credentials");
		sql('ALTER USER MAPPING FOR CURRENT_USER SERVER t OPTIONS (SET headers \'Proxy-Authorization: Basic d3Jvbmc=\')');
		fails_with('waiting', qr/407/, 'wrong credentials');
	  };
	with_target 'http through a proxy' => { url => $plain->url($path), proxy => $plain->proxy_url }, {}, sub {
		arrives($plain, 'goes to it');
		my ($asked) = $plain->proxied;
		is("$asked->{method} $asked->{target}", 'POST ' . $plain->url($path), 'the proxy was asked for it');
	};
	with_target 'no proxy' => { url => $plain->url($path) }, {}, sub {
		my $before = () = $plain->proxied;
		arrives($plain, "what the server's environment says of proxies does not count");
		is(scalar(my @now = $plain->proxied), $before, 'no proxy was asked');
	};
	with_target 'a proxy that is not there' => { url => $plain->url($path), proxy => 'http://127.0.0.1:1' }, {}, sub {
		my $before = $plain->request_count;
		fails_with('waiting', qr/\bconnect/i, 'no way around it');
		is($plain->request_count, $before, 'no request has been sent');
	};
	$_->stop foreach $receiver, $plain;
}

# ---- where to ----------------------------------------------------------------------------------------------------------

{
	my $receiver = EventReceiver->start(proxy => 1);
	my $elsewhere = EventReceiver->start;
	with_target 'a redirect' => { url => $receiver->url($path) }, {}, sub {
		$receiver->faults({ kind => 'redirect', location => $elsewhere->url($path), status => 308 });
		fails_with('refused', qr/the endpoint answered 308/, 'not followed');
		is($elsewhere->request_count, 0, 'nobody was asked elsewhere');
		$receiver->faults;
	};
	with_target 'a host that is no longer allowed' => { url => $receiver->url($path) }, {}, sub {
		arrives($receiver, 'a connection is made');
		configure($node, 'eventlog.allowed_hosts' => 'api.example.com');
		my $before = $receiver->request_count;
		fails_with('refused', $not_allowed, 'the connection that is kept is not used');
		is($receiver->request_count, $before, 'no request has been sent');
		configure($node, 'eventlog.allowed_hosts' => '127.0.0.0/8:' . ($receiver->port + 1));
		fails_with('refused', $not_allowed, 'another port');
		configure($node, 'eventlog.allowed_hosts' => '127.0.0.0/8:' . $receiver->port);
		arrives($receiver, 'allowed again');
	};
	configure($node, 'eventlog.allowed_hosts' => '');
	with_target 'a host that a proxy is asked for' => { url => $receiver->url($path, 'localhost'), proxy => $receiver->proxy_url }, {}, sub {
		arrives($receiver, 'allowed');
		my $before = () = $receiver->proxied;
		configure($node, 'eventlog.allowed_hosts' => '127.0.0.1');
		fails_with('refused', $not_allowed, 'an address does not allow a name that the proxy looks up');
		is(scalar(my @now = $receiver->proxied), $before, 'the proxy was not asked');
		configure($node, 'eventlog.allowed_hosts' => '127.0.0.1, localhost');
		arrives($receiver, 'its name does');
		configure($node, 'eventlog.allowed_hosts' => 'localhost');
		fails_with('refused', $not_allowed, 'nor does it without the proxy');
		configure($node, 'eventlog.allowed_hosts' => '');
	};
	configure($node, 'eventlog.allowed_hosts' => '169.254.0.0/16');
	with_target 'a metadata address that has been allowed' => { url => 'http://169.254.169.254/latest' }, {}, sub {
		configure($node, 'eventlog.allowed_hosts' => '');
		fails_with('refused', $not_allowed, 'is not any more');
	};
	$_->stop foreach $receiver, $elsewhere;
}

# ---- keys ------------------------------------------------------------------------------------------------------------

{
	my $receiver = EventReceiver->start(api_key => $ENV{EVENTLOG_TEST_KEY});
	my $file = "$keys/key";
	with_target 'a key in a file' => { url => $receiver->url($path) }, { api_key_file => $file }, sub {
		fails_with('unauthorized', qr/\Afile "\Q$file\E" of option api_key_file cannot be read: No such file or directory\z/, 'not there');
		is($receiver->request_count, 0, 'no request is sent without it');
		append_to_file($file, "$ENV{EVENTLOG_TEST_KEY}\r\n\n");
		arrives($receiver, 'read once it is there, without the end of the line');
		my $before = $receiver->request_count;
		my @bad = (
			[ '', 'is empty' ],
			[ "secret-1\nsecret-2", 'holds a control character, or more than one line' ],
			[ 'secret-3' x 8193, 'has more than 65536 bytes' ]);
		foreach my $case (@bad)
		{
			unlink $file;
			append_to_file($file, $case->[0]);
			fails_with('unauthorized', qr/\Afile "\Q$file\E" of option api_key_file \Q$case->[1]\E\z/, $case->[1]);
		}
		unlink $file;
		mkdir $file;
		fails_with('unauthorized', qr/cannot be read: Is a directory\z/, 'a folder');
		is($receiver->request_count, $before, 'no request is sent with any of them');
		rmdir $file;
		append_to_file($file, 'secret-TheWrongKey-0815');
		fails_with('unauthorized', qr/\Athe endpoint answered 401\z/, 'the wrong key');
		unlink $file;
		append_to_file($file, $ENV{EVENTLOG_TEST_KEY});
		arrives($receiver, 'changed again');
	};
	with_target 'a key in a variable' => { url => $receiver->url($path) }, { api_key_env => 'EVENTLOG_TEST_KEY' }, sub {
		arrives($receiver, 'is used');
	};
	with_target 'a variable that is not set' => { url => $receiver->url($path) }, { api_key_env => 'EVENTLOG_NO_KEY' }, sub {
		fails_with('unauthorized', qr/\Avariable "EVENTLOG_NO_KEY" of option api_key_env is not set in the server's environment\z/, 'no request');
	};
	with_target 'a key in a file, at a server whose owner is no superuser' => { url => $receiver->url($path) }, { api_key_file => $file }, sub {
		arrives($receiver, q{a superuser's});
		my $before = $receiver->request_count;
		sql('CREATE ROLE sender; GRANT USAGE ON FOREIGN DATA WRAPPER eventlog TO sender; ALTER SERVER t OWNER TO sender;'
			  . "CREATE USER MAPPING FOR sender SERVER t OPTIONS (api_key_file '$file')");
		fails_with('refused', qr/\Aoption "api_key_file" cannot be used: /, q{somebody else's});
		sql(qq{SET ROLE sender; ALTER SERVER t OPTIONS (SET url '@{[ $receiver->url('/elsewhere/ndjson') ]}')});
		fails_with('refused', qr/\Aoption "api_key_file" cannot be used: /, '... whatever url he gives it');
		is($receiver->request_count, $before, 'no request is sent');
		sql('ALTER SERVER t OWNER TO CURRENT_USER');
		arrives($receiver, q{a superuser's again});
	};
	$receiver->stop;
}

# ---- signatures ------------------------------------------------------------------------------------------------------

{
	my $secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
	my $receiver = EventReceiver->start(signing_secret => $secret, api_key => 'secret-1');
	with_target 'a signature, beside header lines of both kinds' => { url => $receiver->url($path), headers => "X-Tenant: acme\nX-Env: test" },
	  { signing_secret => $secret, headers => 'Authorization: Bearer secret-1' }, sub { arrives($receiver, 'is good') };
	with_target 'a signature with another secret' => { url => $receiver->url($path) },
	  { signing_secret => 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', api_key => 'secret-1' }, sub {
		fails_with('unauthorized', qr/401/, 'is not');
	  };
	$receiver->stop;
}

# ---- a setting that cannot be read -----------------------------------------------------------------------------------

# It stops after the server, which inherits its standard input.
my $last = EventReceiver->start;
with_target 'a list that cannot be read when the server starts' => { url => $last->url($path) }, {}, sub {
	arrives($last, 'allowed');
	$node->append_conf('postgresql.auto.conf', q{eventlog.allowed_hosts = 'http://example.com'});
	$node->restart;
	fails_with('refused', $not_allowed, 'no host is');
	like(slurp_file($node->logfile), qr/WARNING:  eventlog\.allowed_hosts is invalid, so no host is allowed/, 'the log says why');
	configure($node, 'eventlog.allowed_hosts' => '');
	arrives($last, 'allowed again');
};

unlike(slurp_file($node->logfile), qr/secret-|whsec_|dXNlcjpz/, 'no secret is in the server log');
is_free_of_crashes($node);
$node->stop;
$last->stop;
done_testing();
