#!/bin/sh
# An inert witnessmark payload that is executed twice: sh starts bash on the same file.
printf '%s\n' "$WM_MARK"
printf '%s %s %s\n' "$WM_MARK" "$$" "$PPID" >> "$WM_EVIDENCE"
[ "${1:-}" = again ] || bash "$0" again
exit 0
