# Removes one run ($1), or with an empty $1 every run, from its three folders. POSIX sh. A folder
# that runs share is removed only if a run says, in ~/.witnessmark/RUN/made, that it made it.
# Follows no symbolic link. Answers `witnessmark<TAB>CODE<TAB>DETAIL`; exit 64: refused, 73: failed.

say() { printf 'witnessmark\t%s\t%s\n' "$1" "$2"; }
LC_ALL=C
export LC_ALL
changed=no status=0 only=$1

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

sweep() { # $1: a folder of the home, $2: ours in it, $3: the run
    told=no
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
        if [ -L "./$run" ]; then
            refuse link "~/$shown/$run"
        elif [ -e "./$run" ]; then
            remove "$run" || fail not-removed "~/$shown/$run"
        fi
    done
    cd /
    if [ "$shown" = .witnessmark ] || made "$HOME/$shown"; then
        rmdir "$HOME/$shown" 2>/dev/null && changed=yes
    fi
    [ -z "$only" ] && [ "$told" = no ] && [ -d "$HOME/$shown" ] || return 0
    left=$(ls -A "$HOME/$shown" 2>/dev/null) || fail unreadable "~/$shown"
    [ -z "$left" ] || fail foreign "~/$shown"
}

[ -n "${HOME:-}" ] && [ -d "$HOME" ] || { fail no-home "${HOME:-}"; exit 73; }
sweep Downloads witnessmark "$1"
sweep Library/Caches org.witnessmark "$1"
sweep . .witnessmark "$1"
say changed "$changed"
exit "$status"
