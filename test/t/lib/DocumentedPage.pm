# A page of the documentation whose examples are run in the order in which they stand, and checked against what it shows.
#
#     my $page = DocumentedPage->read('docs/reading.md');
#     $page->examples ... $page->blocks('sql', 'clickhouse') ... $page->section('Logical replication') ...
#     is(DocumentedPage::difference($expected_block, $output), undef);
#
# A fenced block says by its language what becomes of it:
#
#     sql, sh             an example: it runs as it stands, sql in the page's own psql session
#     text, json          directly behind an example: what it prints
#     conf                lines of postgresql.conf: they are in the configuration of the page's server
#     python, js, java    a whole program, run where its language and driver are installed
#     others              not run here: console (commands that change the machine), properties, yaml
#
# Words behind the language name another program that the block is for (`sql clickhouse 20.1`); its own test runs it. A comment
# `<!-- sql … -->` is an example that readers do not see: it makes what the page takes for granted.
package DocumentedPage;

use strict;
use warnings FATAL => 'all';

use Encode ();
use File::Basename;
use File::Spec;
use JSON::PP;
use PostgreSQL::Test::Utils;

my $root = File::Spec->rel2abs(dirname(__FILE__) . '/../../..');
my %runs = map { $_ => 1 } qw(sql sh python js java);
my %known = (%runs, map { $_ => 1 } qw(text json conf console properties yaml));

# The folder that the pages' paths, and their shell commands, are relative to.
sub root { return $root }

# The first page and those of docs/, as paths.
sub all
{
	return 'README.md', map { 'docs/' . basename($_) } sort glob "$root/docs/*.md";
}

# Reads a page; its path is relative to the checkout. A block is {language, words, text, line, shown}; one whose language is not known is an error.
sub read
{
	my ($class, $path) = @_;
	my $self = bless { path => $path, file => File::Spec->rel2abs($path, $root), blocks => [], heading => '' }, $class;
	my ($block, $end);
	my $number = 0;
	foreach my $line (split /^/, slurp_file($self->{file}))
	{
		$number++;
		if (defined $block)
		{
			if ($line =~ $end) { undef $block }
			else { $block->{text} .= $line }
			next;
		}
		$self->{heading} = $1 if $line =~ /^##+ (.*)\n/;
		my ($language, $words, $hidden);
		if ($line =~ /^```(\S*) *(.*)\n/) { ($language, $words, $end) = ($1, $2, qr/^```$/) }
		elsif ($line =~ /^<!-- (sql|sh)\n/) { ($language, $words, $hidden, $end) = ($1, '', 1, qr/^-->$/) }
		else
		{
			$self->{gap} = 1 if $line =~ /\S/;
			next;
		}
		die "$path, line $number: a block in \"$language\", which is not known" if !$known{$language};
		$block = { language => $language, words => $words, text => '', line => $number, hidden => $hidden,
			heading => $self->{heading}, follows => !$self->{gap} };
		$self->{gap} = 0;
		push @{ $self->{blocks} }, $block;
	}
	die "$path: the last block is not closed" if defined $block;
	return $self;
}

# The blocks of a language whose words begin with these.
sub blocks
{
	my ($self, $language, $words) = @_;
	return grep { $_->{language} eq $language && $_->{words} =~ /^\Q$words\E\b/ } @{ $self->{blocks} };
}

# The texts of the blocks below a heading.
sub section
{
	my ($self, $heading) = @_;
	my @texts = map { $_->{text} } grep { $_->{heading} eq $heading && !$_->{hidden} } @{ $self->{blocks} };
	die "$self->{path} has no blocks below \"$heading\"" if !@texts;
	return @texts;
}

# Returns the blocks to run, in order; `expected` is the block behind one that shows its output.
sub examples
{
	my ($self) = @_;
	my @examples;
	foreach my $block (@{ $self->{blocks} })
	{
		if ($runs{ $block->{language} } && $block->{words} eq '') { push @examples, {%$block} }
		elsif ($block->{language} =~ /^(text|json)$/ && $block->{follows} && @examples)
		{
			$examples[-1]{expected} = $block if $block->{line} > $examples[-1]{line} && !$examples[-1]{expected};
		}
	}
	return @examples;
}

# The rows of the page's tables of errors that have an example: constraint, SQLSTATE, message, example.
sub errors
{
	my ($self) = @_;
	my ($in_table, @rows);
	foreach my $line (split /\n/, slurp_file($self->{file}))
	{
		my @cells = map { s/^\s+|\s+$//gr } split /\|/, $line;
		$in_table = @cells > 4 && ($in_table || "$cells[1] $cells[4]" eq 'CONSTRAINT NAME example');
		push @rows, [ @cells[ 1 .. 4 ] ] if $in_table && $cells[4] =~ /^`/;
	}
	return @rows;
}

# The page's lines of postgresql.conf.
sub configuration
{
	my ($self) = @_;
	return join '', map { $_->{text} } $self->blocks('conf', '');
}

# The page's links to files of the checkout that lead nowhere: to a file, or to a heading of a page, that is not there.
sub broken_links
{
	my ($self) = @_;
	my $text = slurp_file($self->{file}) =~ s/^```.*?^```$//msgr;
	my @broken;
	foreach my $link ($text =~ /\]\((?!https?:)([^)\s]+)\)/g)
	{
		my ($file, $anchor) = split /#/, $link;
		my $target = $file eq '' ? $self->{file} : dirname($self->{file}) . "/$file";
		push @broken, $link if !-e $target || defined $anchor && !grep { $_ eq $anchor } _anchors($target);
	}
	return @broken;
}

# The names under which a page's headings can be linked to.
sub _anchors
{
	my ($file) = @_;
	my $text = Encode::decode('UTF-8', slurp_file($file)) =~ s/^```.*?^```$//msgr;
	return map { lc($_ =~ s/[^\w\- ]//gr) =~ tr/ /-/r } $text =~ /^#+ (.*)$/mg;
}

# Returns the difference between the output that a page shows and the one that was printed; undef where nothing does. Ids and times stand for
# any others, white space and the lengths of rules do not count, and … stands for whatever is there.
sub difference
{
	my ($expected, $printed) = @_;
	if ($expected->{language} eq 'json')
	{
		my @values = map { _json($_) } $expected->{text}, $printed;
		return "no JSON: $printed" if !defined $values[1];
		return $values[0] eq $values[1] ? undef : "expected $values[0]\nprinted  $values[1]";
	}
	my ($pattern, $text) = map { _plain($_) } $expected->{text}, $printed;
	my $regex = join '', map { $_ eq '…' ? '.*?' : quotemeta } split /(…)/, $pattern;
	return $text =~ /\A$regex\z/s ? undef : "expected\n$pattern\nprinted\n$text";
}

sub _plain
{
	my ($text) = @_;
	$text =~ s/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/<uuid>/g;
	$text =~ s/\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b/<ulid>/g;
	$text =~ s/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::\d\d)?)?/<time>/g;
	$text =~ s/(events|idempotency_keys)_p\d{8,}/$1_p<date>/g;
	$text =~ s/"(startedAt|at|time)":\d+(?:\.\d+)?/"$1":<number>/g;
	$text =~ s/-{3,}/--/g;
	$text =~ s/[ \t]+/ /g;
	$text =~ s/ *\n */\n/g;
	$text =~ s/^\s+|\s+$//g;
	return $text;
}

# The first JSON object or array of a text, its keys sorted; psql's continuation marks are taken away.
sub _json
{
	my ($text) = @_;
	$text =~ s/ *\+$//mg;
	my ($json) = $text =~ /^\s*([\[{].*[\]}])/ms;
	return undef if !defined $json;
	return _plain(JSON::PP->new->canonical->allow_nonref->encode(JSON::PP->new->decode($json)));
}

1;
