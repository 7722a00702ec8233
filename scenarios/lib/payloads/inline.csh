set p = `ps -o ppid= -p $$`; printf "%s %s %s\n" "$WM_MARK" "$$" "$p" >> "$WM_EVIDENCE"
