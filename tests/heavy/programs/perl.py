"""Perl with ithreads: one interpreter per thread, shared variables behind locks."""

from tests.heavy.harness import Program

SCRIPT = r"""
use strict; use warnings; use threads; use threads::shared; use Thread::Queue; use Thread::Semaphore;

my $tasks = Thread::Queue->new; my $results = Thread::Queue->new;
my %seen :shared; my $total :shared = 0;
my @workers = map { threads->create(sub {
    while (defined(my $n = $tasks->dequeue)) {
        { lock($total); $total += $n; }
        { lock(%seen); $seen{$n % 10}++; }
        $results->enqueue($n * $n);
    }
}) } 1 .. 6;
$tasks->enqueue(1 .. 40000);
$tasks->end;
$_->join for @workers;
my $sum = 0;
$sum += $results->dequeue for 1 .. 40000;
print "queue $total $sum ", join(",", map { "$_=$seen{$_}" } sort keys %seen), "\n";

my @box :shared; my $semaphore = Thread::Semaphore->new(2);
my $taker = threads->create(sub {
    my $taken = 0;
    while (1) {
        lock(@box);
        cond_wait(@box) until @box;
        my $item = shift @box;
        return $taken if $item < 0;
        $taken += $item;
    }
});
my @givers = map { my $start = $_; threads->create(sub {
    for (my $n = $start; $n < 9000; $n += 3) { $semaphore->down; { lock(@box); push @box, $n; cond_signal(@box); } $semaphore->up; }
}) } 0 .. 2;
$_->join for @givers;
{ lock(@box); push @box, -1; cond_signal(@box); }
print "condition ", $taker->join, "\n";

print "threads ", join(" ", map { $_->join } map { my $n = $_; threads->create(sub { $n * 2 }) } 1 .. 40), "\n";
"""


def drive(run):
    return run.execute(["perl", run.write("script.pl", SCRIPT)]).decode()


PROGRAMS = [Program("perl", drive, ["perl", "-e", "print $^V"])]
