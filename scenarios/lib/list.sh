# Prints, NUL-separated, what lies in the run's reach, an empty item, then a line `runs PID` for each
# of the given processes that still runs, alone or as a group that it led, and `end`: the inventory
# that is taken before and after every case. Changes nothing. A folder that cannot be read makes it
# exit 1, because an inventory with a blind spot proves nothing. The shell itself asks after
# processes: that costs no process, and the sensor sees nothing of it.
set -u
wm_failed=0
find "$HOME" "$HOME/Downloads" "$HOME/Library/Caches" -maxdepth 1 -print0 || wm_failed=1
for wm_dir in "$HOME/Downloads/witnessmark" "$HOME/Library/Caches/org.witnessmark"; do
  if [ -e "$wm_dir" ] || [ -L "$wm_dir" ]; then find "$wm_dir" -print0 || wm_failed=1; fi
done
# The suite's one folder elsewhere; WM_PREFIX is the folder that a stand-in has as its root.
for wm_dir in "${WM_PREFIX:-}/private/tmp"/org.witnessmark.*; do
  if [ -e "$wm_dir" ] || [ -L "$wm_dir" ]; then find "$wm_dir" -print0 || wm_failed=1; fi
done
printf '\0'
for wm_pid do
  if kill -0 "$wm_pid" 2> /dev/null || kill -0 "-$wm_pid" 2> /dev/null; then
    printf 'runs %s\n' "$wm_pid"
  fi
done
printf 'end\n'
exit "$wm_failed"
