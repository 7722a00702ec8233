# Does on a host, once each and under a name of its own, what a sensor has to tell apart. Only called
# after consent is seen. POSIX sh, run as a file that lies in ~/.witnessmark/RUN. $1: the run.
# What is written in ~/Downloads and ~/Library/Caches is never run; what is run lies elsewhere. So
# nothing here is what AN0994 describes. Teardown (sweep.sh) removes all of it.
# Answers `witnessmark<TAB>CODE<TAB>DETAIL`: pid, did, failed, missing; the end is `end`.

say() { printf 'witnessmark\t%s\t%s\n' "$1" "$2"; }
LC_ALL=C
export LC_ALL
set -u
umask 077
run=$1 mark=wm-$1-qualify

case ${run%-*} in
    [0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]t[0-9][0-9][0-9][0-9][0-9][0-9]z) ;;
    *) exit 64 ;;
esac
case ${run##*-} in
    *[!0-9a-z]*) exit 64 ;;
esac
own=$HOME/.witnessmark/$run
down=$HOME/Downloads/witnessmark/$run
cach=$HOME/Library/Caches/org.witnessmark/$run

open() { # makes folder $1; that ours above it was not there is noted for teardown
    shared=${1%/*}
    [ ! -L "$shared" ] && [ ! -L "$1" ] || { say failed "folders: $shared is a symbolic link"; exit 64; }
    if [ ! -d "$shared" ]; then
        mkdir "$shared" 2> /dev/null && printf '%s\n' "$shared" >> "$own/made"
    fi
    mkdir "$1" 2> /dev/null || { say failed 'folders: could not be made'; exit 73; }
}

probe() { # $1: its name; the rest does it
    name=$1
    shift
    if said=$("$@" 2>&1); then say did "$name"; else
        say failed "$name: $(printf '%s' "${said##*: }" | tr '\n\t' '  ' | cut -c 1-80)"
    fi
}

new() { printf '%s\n' "$mark" > "$1"; }

both() { new "$1" && shift && "$@"; } # makes file $1, then does the rest

onto() { new "$1" && new "$2" && mv -f "$1" "$2"; }

code() { printf '#!/bin/sh\nexit 0\n' > "$1" && chmod 700 "$1"; }

alone() { # a child that runs nothing
    (exit 3) &
    child=$!
    wait "$child"
    say pid "$child"
}

[ -d "$own" ] && [ ! -L "$own" ] || exit 64
open "$down"
open "$cach"
say pid "$$"

probe exec env true "$mark-exec"
probe arguments env true "$mark-arguments" 'two words' "a'b\"c" 'a|b' 'a\b' "$(printf 'a\303\251')" ''
probe write new "$down/$mark-write"
probe caches new "$cach/$mark-caches"
probe names new "$down/$mark-names a|b'c\"d$(printf '\303\251')"
probe mode both "$down/$mark-mode" chmod 755 "$down/$mark-mode"
probe rename both "$down/$mark-old" mv "$down/$mark-old" "$down/$mark-rename"
probe replace onto "$down/$mark-other" "$down/$mark-replace"
probe link both "$down/$mark-first" ln "$down/$mark-first" "$down/$mark-link"
probe copy both "$down/$mark-from" cp "$down/$mark-from" "$down/$mark-copy"
if [ "$(uname -s)" = Darwin ]; then
    probe clone cp -c "$down/$mark-from" "$down/$mark-clone"
else
    say missing clone
fi
if command -v xattr > /dev/null 2>&1; then
    probe attribute both "$down/$mark-attribute" xattr -w org.witnessmark.mark "$mark" "$down/$mark-attribute"
else
    say missing attribute
fi
code "$own/$mark-script"
probe script "$own/$mark-script" word
probe interpreter sh "$own/$mark-script" "$mark-interpreter"
code "$own/$mark-relative"
cd "$own" && probe relative "./$mark-relative" word
cd /
alone
say did fork
probe remove both "$down/$mark-remove" rm "$down/$mark-remove"
if command -v logger > /dev/null 2>&1; then
    probe log logger -t witnessmark "$mark-log"
else
    say missing log
fi
say end ''
