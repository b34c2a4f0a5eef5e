# Answers with the number of the process.
use strict;
use warnings;

sub {
    return [200, ['Content-Type' => 'text/plain'], ["pid $$\n"]];
};
