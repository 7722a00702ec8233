#!/bin/zsh
# An inert witnessmark payload: prints its mark, writes it to the evidence file, and exits 0.
printf '%s\n' "$WM_MARK"
printf '%s %s %s\n' "$WM_MARK" "$$" "$PPID" >> "$WM_EVIDENCE"
exit 0
