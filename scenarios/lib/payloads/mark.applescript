-- An inert witnessmark payload: writes its mark to the evidence file (not tried on a Mac yet).
do shell script "ps -o pid=,ppid= -p $PPID | while read p q; do printf '%s %s %s\\n' \"$WM_MARK\" \"$p\" \"$q\"; done >> \"$WM_EVIDENCE\""
