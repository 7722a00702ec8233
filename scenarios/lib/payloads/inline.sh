printf "%s %s %s\n" "$WM_MARK" "$$" "$PPID" >> "$WM_EVIDENCE"; :
