# Removes one run ($1), or with an empty $1 every run, from its three folders. POSIX sh.
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
        case $run in # the form of a run id (plan.py); anything else is not ours to remove
            [0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]t[0-9][0-9][0-9][0-9][0-9][0-9]z-*) ;;
            *) continue ;;
        esac
        if [ -L "./$run" ]; then
            refuse link "~/$shown/$run"
        elif [ -e "./$run" ]; then
            remove "$run" || fail not-removed "~/$shown/$run"
        fi
    done
    cd / && rmdir "$HOME/$shown" 2>/dev/null && changed=yes
    [ -n "$only" ] || [ "$told" = yes ] || [ ! -d "$HOME/$shown" ] || fail foreign "~/$shown"
    return 0
}

[ -n "${HOME:-}" ] && [ -d "$HOME" ] || { fail no-home "${HOME:-}"; exit 73; }
sweep Downloads witnessmark "$1"
sweep Library/Caches org.witnessmark "$1"
sweep . .witnessmark "$1"
say changed "$changed"
exit "$status"
