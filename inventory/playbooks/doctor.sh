# Tries on a host what a run will do there, and takes it back: lists the folders that a run reads,
# writes a file as a payload's would lie, reads it again, removes it. Only called after consent is
# seen. POSIX sh. $1: the run whose folders are used, $2: the file's name.
# Answers `witnessmark<TAB>CODE<TAB>DETAIL`; the end is `witnessmark<TAB>end<TAB>`.

say() { printf 'witnessmark\t%s\t%s\n' "$1" "$2"; }
LC_ALL=C
export LC_ALL
umask 077
run=$1 name=$2 made='' ours=''

case ${run%-*} in
    [0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]t[0-9][0-9][0-9][0-9][0-9][0-9]z) ;;
    *) exit 64 ;;
esac
case ${run##*-}$name in
    *[!0-9a-z-]*) exit 64 ;;
esac

take_back() { # only what was made here, and never through a link that came in between
    [ -z "$ours" ] || [ -L "$ours" ] || { rm -f "$ours/$name"; rmdir "$ours"; }
    [ -z "$made" ] || [ -L "$made" ] || rmdir "$made"
    ours='' made=''
} 2> /dev/null
trap take_back EXIT
trap 'exit 73' HUP INT TERM

why() { # the system's own words, the last part of what a tool said
    printf '%s' "${1##*: }" | tr '\n\t' '  ' | cut -c 1-80
}

list() { # can folder $1 of the home really be listed? Only trying tells (TCC changes no mode)
    said=$(ls -A "$HOME/$1" 2>&1 > /dev/null) && say listed "~/$1" || say unlisted "~/$1: $(why "$said")"
}

write() { # can a payload be written below folder $1 (ours there: $2), and read again?
    [ ! -L "$HOME/$1/$2" ] || { say unwritten "~/$1/$2: is a symbolic link"; return; }
    if [ ! -d "$HOME/$1/$2" ]; then
        said=$(mkdir "$HOME/$1/$2" 2>&1) || { say unwritten "~/$1: $(why "$said")"; return; }
        made=$HOME/$1/$2
    fi
    said=$(mkdir "$HOME/$1/$2/$run" 2>&1) || { say unwritten "~/$1: $(why "$said")"; take_back; return; }
    ours=$HOME/$1/$2/$run
    if { printf '%s\n' "$name" > "$ours/$name"; } 2> /dev/null && IFS= read -r back < "$ours/$name" &&
        [ "$back" = "$name" ]; then
        say written "~/$1"
    else
        say unwritten "~/$1: a file written there did not come back"
    fi
    left=$ours
    take_back
    [ ! -e "$left" ] || say left "~${left#"$HOME"}"
}

[ -n "${HOME:-}" ] && [ -d "$HOME" ] || { say no-home "${HOME:-}"; exit 73; }
for top in . Downloads Library/Caches; do list "$top"; done
for top in . Downloads Library/Caches; do
    free=$(df -Pk "$HOME/$top" 2> /dev/null | awk 'NR == 2 { print $4 }')
    say free "$free"
done
write . .witnessmark
write Downloads witnessmark
write Library/Caches org.witnessmark
say end ''
