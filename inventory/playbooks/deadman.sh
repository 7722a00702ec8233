# The dead-man timer: removes what a run left on this host if its controller is not heard of for a
# while. POSIX sh; uses builtins, sleep and, at the very end, sweep.sh.
#   sh deadman.sh RUN SECONDS         starts it and returns; does nothing if it runs already
#   sh deadman.sh RUN SECONDS watch   is the timer itself
# The controller changes the first line of ~/.witnessmark/RUN/heartbeat all the time. That line is
# only ever compared with the one before: no clock is asked, and nothing in it can name a path.
# The timer needs no job of launchd: it ignores the hang-up of the session that started it, and ends
# by itself as soon as the run's folder is gone or another timer has taken its place.
set -u
umask 077
LC_ALL=C
export LC_ALL
run=$1 limit=$2

case ${run%-*} in
  [0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]t[0-9][0-9][0-9][0-9][0-9][0-9]z) ;;
  *) exit 64 ;;
esac
case ${run##*-} in
  [0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]) ;;
  *) exit 64 ;;
esac
case $limit in
  '' | 0* | *[!0-9]* | ????????*) exit 64 ;;
esac
case ${HOME:-} in
  /*) ;;
  *) exit 64 ;;
esac
own=$HOME/.witnessmark/$run

here() { # is the run's folder there, and no link?
  [ ! -L "$HOME/.witnessmark" ] && [ ! -L "$own" ] && [ -d "$own" ]
}

line() { # the first line of the run's file $1 into $found, if it is a plain file
  found=
  [ ! -L "$own/$1" ] && [ -f "$own/$1" ] || return 0
  IFS= read -r found < "$own/$1" || :
}

runs() { # is process $found the timer of this run?
  case $found in
    '' | *[!0-9]*) return 1 ;;
  esac
  case $(ps -ww -o args= -p "$found" 2> /dev/null) in
    *"/.witnessmark/$run/pack/lib/deadman.sh $run "*) return 0 ;;
    *) return 1 ;;
  esac
}

here || exit 64
cd / || exit 73

if [ "${3:-}" != watch ]; then
  line dead-man
  if runs; then exit 0; fi
  trap '' HUP
  sh "$own/pack/lib/deadman.sh" "$run" "$limit" watch < /dev/null > /dev/null 2>&1 &
  exit 0
fi

tick=$((limit / 10))
[ "$tick" -ge 1 ] || tick=1
[ "$tick" -le 30 ] || tick=30
rounds=$(((limit + tick - 1) / tick))
missed=0 last='' sleeper=

# The sleep is ended with the timer, so that no process of the run is left after teardown.
trap 'kill "$sleeper" 2> /dev/null; exit 0' TERM
[ ! -L "$own/dead-man" ] || rm -f "$own/dead-man"
printf '%s\n' "$$" > "$own/dead-man" || exit 73

while :; do
  sleep "$tick" &
  sleeper=$!
  wait "$sleeper"
  here || exit 0
  line dead-man
  [ "x$found" = "x$$" ] || exit 0
  line heartbeat
  if [ "x$found" = "x$last" ]; then missed=$((missed + 1)); else missed=0; fi
  last=$found
  [ "$missed" -lt "$rounds" ] || exec sh "$own/pack/lib/sweep.sh" "$run"
done
