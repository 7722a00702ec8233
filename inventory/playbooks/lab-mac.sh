# Sets a lab Mac up, looks whether it is set up, or takes that back. POSIX sh, as root, on the Mac.
#   $1  apply; restore; check and check-restore say what these would do, and change nothing
#   $2  what lies before / (empty on a Mac; a folder in tests)
#   $3  the sudoers line or lines, $4 osquery's configuration, $5 its flags; empty: not wanted
# Twice is the same as once. Only what is marked as ours is ever changed or removed: a file that
# somebody else wrote is left alone and named. The consent file is never touched: its owner writes it.
# Answers `witnessmark<TAB>CODE<TAB>DETAIL`; CODE: same, differs (when only checking), changed,
# refused, note.
# Exit 0, or 64 if something was refused.
set -u
umask 022
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/sbin:/sbin
act=$1 root=$2 lines=$3 conf=$4 flags=$5 status=0 restart=no
MARK='# witnessmark lab'
mode=${act#check-}
dry=no
case $act in check | check-*) dry=yes ;; esac

say() {
    printf 'witnessmark\t%s\t%s\n' "$1" "$2"
    case $1:$2 in changed:osquery*) restart=yes ;; esac
}
refuse() { say refused "$1"; status=64; }

plain() { # is $1 a plain file, or nothing at all?
    [ ! -L "$1" ] && { [ ! -e "$1" ] || [ -f "$1" ]; }
}

ours() { # does file $1 say in its first line that it is of the lab?
    IFS= read -r first < "$1" 2> /dev/null || first=
    case $first in "$MARK"* | '{"witnessmark": "lab"'*) return 0 ;; *) return 1 ;; esac
}

holds() { # does file $1 hold exactly text $2? (x: a line end at the end counts)
    [ -f "$1" ] && [ "$(cat "$1" && printf x)" = "$2
x" ]
}

put() { # $1: name, $2: file, $3: text, $4: mode, $5: how a new one is checked
    plain "$2" || { refuse "$1: $2 is no plain file; look at it"; return; }
    if [ -e "$2" ] && ! ours "$2"; then
        refuse "$1: $2 is there and is not of witnessmark; move it away or add the lines by hand"
        return
    fi
    if holds "$2" "$3"; then say same "$1"; return; fi
    if [ "$dry" = yes ]; then say differs "$1"; return; fi
    mkdir -p "${2%/*}" || { refuse "$1: ${2%/*} cannot be made"; return; }
    # sudo reads no file whose name has a dot (sudoers(5)), so a half-written one counts nowhere.
    new=$2.new
    rm -f "$new"
    { printf '%s\n' "$3" > "$new" && chmod "$4" "$new"; } || { refuse "$1: $new cannot be written"; return; }
    if ! "$5" "$new"; then
        rm -f "$new"
        return
    fi
    mv -f "$new" "$2" && say changed "$1" || refuse "$1: $2 cannot be written"
}

take() { # $1: name, $2: file
    plain "$2" || { refuse "$1: $2 is no plain file; look at it"; return; }
    if [ ! -e "$2" ]; then say same "$1"; return; fi
    ours "$2" || { refuse "$1: $2 is not of witnessmark and stays"; return; }
    if [ "$dry" = yes ]; then say differs "$1"; return; fi
    rm -f "$2" && say changed "$1" || refuse "$1: $2 cannot be removed"
}

visudo_says_yes() {
    command -v visudo > /dev/null 2>&1 || { refuse 'sudoers: no visudo to check the line with'; return 1; }
    said=$(visudo -c -f "$1" 2>&1) && return 0
    refuse "sudoers: visudo refuses the line: $(printf '%s' "$said" | tr '\n\t' '  ' | cut -c 1-120)"
    return 1
}

yes() { :; }

nl='
'
begin="$MARK begin" end="$MARK end" glued="$MARK begin, behind a line without an end"
without() { # file $1 without our lines
    awk -v b="$begin" -v g="$glued" -v e="$end" \
        '$0 == b || $0 == g { skip = 1 } !skip { print } $0 == e { skip = 0 }' "$1"
}

flagged() { # puts our lines at the end of file $1, which others write too, or takes them out
    plain "$1" || { refuse "osquery-flags: $1 is no plain file; look at it"; return; }
    was='' rest='' first=$begin
    if [ -e "$1" ]; then
        was=$(cat "$1" && printf x) && rest=$(without "$1" && printf x) ||
            { refuse "osquery-flags: $1 cannot be read"; return; }
        was=${was%x} rest=${rest%x}
        case $nl$was in
            *"$nl$glued$nl"*) first=$glued ;;
            *"$nl") ;;
            *) first=$glued ;;
        esac
        [ "$first" = "$begin" ] || rest=${rest%"$nl"}
    fi
    now=$rest
    if [ "$mode" = apply ] || [ "$mode" = check ]; then
        [ "$first" = "$begin" ] || now=$now$nl
        now=$now$first$nl$flags$nl$end$nl
    fi
    if [ "$was" = "$now" ]; then say same osquery-flags; return; fi
    if [ "$dry" = yes ]; then say differs osquery-flags; return; fi
    if [ -z "$now" ]; then
        rm -f "$1"
    else
        mkdir -p "${1%/*}" && printf '%s' "$now" > "$1.new" && chmod 644 "$1.new" && mv -f "$1.new" "$1"
    fi || { refuse "osquery-flags: $1 cannot be written"; return; }
    say changed osquery-flags
}

sudoers=$root/etc/sudoers.d/witnessmark
osquery=$root/private/var/osquery
case $mode in
    check | apply)
        [ -z "$lines" ] || put sudoers "$sudoers" "$MARK
$lines" 440 visudo_says_yes
        if [ -n "$conf" ]; then
            put osquery "$osquery/osquery.conf.d/witnessmark.conf" "$conf" 644 yes
            flagged "$osquery/osquery.flags"
        fi
        ;;
    restore)
        take sudoers "$sudoers"
        take osquery "$osquery/osquery.conf.d/witnessmark.conf"
        [ "$dry" = yes ] || rmdir "$osquery/osquery.conf.d" 2> /dev/null
        [ ! -e "$osquery/osquery.flags" ] || flagged "$osquery/osquery.flags"
        ;;
    *) exit 64 ;;
esac
# Assumed: the label of osquery's own package.
if [ "$restart" = yes ] && [ -z "$root" ] && command -v launchctl > /dev/null 2>&1; then
    launchctl kickstart -k system/io.osquery.agent > /dev/null 2>&1 || say note 'restart osqueryd by hand'
fi
exit "$status"
