#!/bin/sh
# An inert witnessmark payload whose content never changes: a documented workflow knows its hash.
printf 'checking for witnessmark... %s\n' "$WM_MARK"
printf '%s %s %s\n' "$WM_MARK" "$$" "$PPID" >> "$WM_EVIDENCE"
exit 0
