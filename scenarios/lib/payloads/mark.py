#!/usr/bin/env python3
# An inert witnessmark payload: prints its mark, writes it to the evidence file, and exits 0.
import os

print(os.environ["WM_MARK"])
with open(os.environ["WM_EVIDENCE"], "a") as evidence:
    evidence.write("%s %d %d\n" % (os.environ["WM_MARK"], os.getpid(), os.getppid()))
