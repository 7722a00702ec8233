open my $f, ">>", $ENV{WM_EVIDENCE} or die; printf $f "%s %d %d\n", $ENV{WM_MARK}, $$, getppid;
