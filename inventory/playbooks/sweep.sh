# Removes one run ($1), or with an empty $1 every run, from its folders in the home, and those in
# /private/tmp that ~/.witnessmark/RUN/made says the run made. POSIX sh. A folder
# that runs share is removed only if a run says, in ~/.witnessmark/RUN/made, that it made it.
# What the run still has running is ended first: only processes that it wrote down itself, and only
# while their command line names its own pack. $2 may be
#   spare  leave every run whose heartbeat changes within five seconds, and tell all that is done
#   look   the same, but change nothing
#   end    only end the scripts of the run's cases
# Follows no symbolic link. Answers `witnessmark<TAB>CODE<TAB>DETAIL`; exit 64: refused, 73: failed.

say() { printf 'witnessmark\t%s\t%s\n' "$1" "$2"; }
LC_ALL=C
export LC_ALL
changed=no status=0 only=$1 mode=${2:-} alive=' '

refuse() { say "$1" "$2"; told=yes; status=64; }
fail() { say "$1" "$2"; told=yes; [ "$status" = 64 ] || status=73; }

remove() { # a path whose folder was entered with cd -P, so no link can lead elsewhere
    rm -rf "./$1" 2>/dev/null
    [ ! -e "./$1" ] && [ ! -L "./$1" ] && { changed=yes; return 0; }
    chmod -R u+rwx "./$1" 2>/dev/null
    rm -rf "./$1" 2>/dev/null
    [ ! -e "./$1" ] && changed=yes
}

a_run() { # has $1 the form of a run id (plan.py)? anything else is not ours to remove
    case ${1%-*} in
        [0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]t[0-9][0-9][0-9][0-9][0-9][0-9]z) ;;
        *) return 1 ;;
    esac
    case ${1##*-} in
        [0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]) ;;
        *) return 1 ;;
    esac
}

made() { # did the run to be removed, or any of the runs, make folder $1?
    notes=$HOME/.witnessmark
    [ ! -L "$notes" ] || return 1
    for note in "$notes"/*/made; do
        run=${note%/made}
        run=${run##*/}
        a_run "$run" && [ "${only:-$run}" = "$run" ] || continue
        [ ! -L "$notes/$run" ] && [ -f "$note" ] && [ ! -L "$note" ] || continue
        while IFS= read -r line; do
            [ "$line" != "$1" ] || return 0
        done <"$note"
    done
    return 1
}

tell() { case $mode in spare | look) say "$1" "$2" ;; esac }

line() { # the first line of file $1 into $found, if it is a plain file behind no link
    found=
    [ ! -L "${1%/*}" ] && [ ! -L "$1" ] && [ -f "$1" ] || return 0
    IFS= read -r found <"$1" || :
}

wrote_down() { # did run $1 note that process $2 is its own? ($3: what it runs)
    [ ! -L "$HOME/.witnessmark" ] && [ ! -L "$HOME/.witnessmark/$1" ] || return 1
    case $3 in
        */lib/deadman.sh\ *)
            [ "$mode" != end ] || return 1
            line "$HOME/.witnessmark/$1/dead-man"
            [ "$found" = "$2" ] && return 0
            ;;
        *)
            for note in "$HOME/.witnessmark/$1"/receipts/*.pid; do
                line "$note"
                [ "$found" != "$2" ] || return 0
            done
            ;;
    esac
    return 1
}

end() { # process $1, by signalling $2 (a minus before it: its whole group)
    kill -s TERM -- "$2" 2>/dev/null
    tries=0
    while kill -0 "$1" 2>/dev/null && [ "$tries" -lt 5000 ]; do tries=$((tries + 1)); done
    tries=0
    while [ "$tries" -lt 3 ]; do
        case $(ps -o stat= -p "$1" 2>/dev/null) in '' | Z*) break ;; esac
        sleep 1
        tries=$((tries + 1))
    done
    kill -s KILL -- "$2" 2>/dev/null
}

end_all() { # what the runs in question have running
    ps -axww -o pid=,pgid=,args= 2>/dev/null | while read -r pid group what; do
        case $what in */.witnessmark/*/pack/*) ;; *) continue ;; esac
        run=${what##*/.witnessmark/}
        run=${run%%/*}
        case $pid$group in *[!0-9]*) continue ;; esac
        a_run "$run" && [ "${only:-$run}" = "$run" ] && [ "$pid" != "$$" ] || continue
        case $alive in *" $run "*) continue ;; esac
        wrote_down "$run" "$pid" "$what" || continue
        tell running "process $pid: $what"
        [ "$mode" != look ] || continue
        if [ "$pid" = "$group" ]; then end "$pid" "-$pid"; else end "$pid" "$pid"; fi
    done
}

beats() { # the heartbeat of every run in question, as RUN=BEAT lines
    for own in "$HOME/.witnessmark"/*; do
        run=${own##*/}
        a_run "$run" && [ "${only:-$run}" = "$run" ] || continue
        line "$own/heartbeat"
        # An empty one may be about to change: it is being written, or was only just made.
        if [ -n "$found" ] || [ -f "$own/heartbeat" ]; then printf '%s=%s\n' "$run" "$found"; fi
    done
}

listen() { # into $alive: the runs whose controller is there
    [ ! -L "$HOME/.witnessmark" ] || return 0
    first=$(beats)
    [ -n "$first" ] || return 0
    sleep 5
    second=$(beats)
    for own in "$HOME/.witnessmark"/*; do
        run=${own##*/}
        a_run "$run" || continue
        was=$(printf '%s\n' "$first" | grep "^$run=")
        now=$(printf '%s\n' "$second" | grep "^$run=")
        [ -n "$was" ] && [ -n "$now" ] && [ "$was" != "$now" ] || continue
        alive="$alive$run "
        if [ "$only" = "$run" ]; then refuse alive "$run"; else tell spared "$run"; fi
    done
}

sweep() { # $1: a folder of the home, $2: ours in it, $3: the run
    told=no spared=no
    [ -d "$HOME/$1" ] || return 0
    # macOS may deny a folder to a remote user; then nobody can say that it is clean.
    ls "$HOME/$1" >/dev/null 2>&1 || { fail unreadable "~/$1"; return 0; }
    shown=$1/$2
    [ "$1" = . ] && shown=$2
    [ ! -L "$HOME/$1/$2" ] || { refuse link "~/$shown"; return 0; }
    [ -d "$HOME/$1/$2" ] || return 0
    cd -P "$HOME/$1" && there=$(pwd -P) && cd -P "$2" || { fail unreadable "~/$shown"; return 0; }
    [ "$(pwd -P)" = "${there%/}/$2" ] || { refuse link "~/$shown"; return 0; }
    if [ -n "$3" ]; then set -- "$3"; else set -- *; fi
    for run in "$@"; do
        a_run "$run" || continue
        case $alive in *" $run "*) spared=yes; continue ;; esac
        if [ -L "./$run" ]; then
            refuse link "~/$shown/$run"
        elif [ -e "./$run" ]; then
            tell "$verb" "~/$shown/$run"
            [ "$mode" = look ] || remove "$run" || fail not-removed "~/$shown/$run"
        fi
    done
    cd /
    [ "$mode" != look ] || return 0
    if [ "$shown" = .witnessmark ] || made "$HOME/$shown"; then
        rmdir "$HOME/$shown" 2>/dev/null && changed=yes
    fi
    [ -z "$only" ] && [ "$told$spared" = nono ] && [ -d "$HOME/$shown" ] || return 0
    left=$(ls -A "$HOME/$shown" 2>/dev/null) || fail unreadable "~/$shown"
    [ -z "$left" ] || fail foreign "~/$shown"
}

sweep_tmp() { # the folders in /private/tmp that run $1 noted, each behind no link
    notes=$HOME/.witnessmark/$1
    [ ! -L "$HOME/.witnessmark" ] && [ ! -L "$notes" ] && [ ! -L "$notes/made" ] &&
        [ -f "$notes/made" ] || return 0
    while IFS= read -r noted; do
        top=${noted%/org.witnessmark."$1".*}
        case ${noted#"$top/org.witnessmark.$1."} in '' | *[!0-9]*) continue ;; esac
        case $top in */private/tmp) ;; *) continue ;; esac
        # The part before it is the folder that a stand-in has as its root; nothing on a Mac.
        case $HOME in "${top%/private/tmp}"/*) ;; *) continue ;; esac
        cd -P "$top" 2>/dev/null || continue
        own=${noted##*/}
        if [ -L "./$own" ]; then
            refuse link "/private/tmp/$own"
        elif [ -e "./$own" ]; then
            tell "$verb" "/private/tmp/$own"
            [ "$mode" = look ] || remove "$own" || fail not-removed "/private/tmp/$own"
        fi
    done <"$notes/made"
    cd /
}

[ -n "${HOME:-}" ] && [ -d "$HOME" ] || { fail no-home "${HOME:-}"; exit 73; }
case $mode in
    spare | look) listen ;;
esac
verb=removed
[ "$mode" != look ] || verb=found
end_all
[ "$mode" != end ] || { say changed no; exit 0; }
sweep Downloads witnessmark "$1"
sweep Library/Caches org.witnessmark "$1"
for own in "$HOME/.witnessmark"/*; do
    run=${own##*/}
    a_run "$run" && [ "${1:-$run}" = "$run" ] || continue
    case $alive in *" $run "*) ;; *) sweep_tmp "$run" ;; esac
done
sweep . .witnessmark "$1"
say changed "$changed"
exit "$status"
