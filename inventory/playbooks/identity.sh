# Tells what on a host says who and where it is, so that all of it can be taken out of a capture.
# POSIX sh; reads only. Answers `witnessmark<TAB>CODE<TAB>DETAIL`, one line for each thing that is
# known; the end is `witnessmark<TAB>end<TAB>`. None of it is kept: it is what must not be kept.

say() { [ -z "$2" ] || printf 'witnessmark\t%s\t%s\n' "$1" "$2"; }
LC_ALL=C
export LC_ALL
set -u

have() { command -v "$1" > /dev/null 2>&1; }

user=$(id -un)
say user "$user"
say person "$(id -F 2> /dev/null)"
say person "$(awk -F: -v user="$user" '$1 == user { sub(/,.*/, "", $5); print $5 }' /etc/passwd 2> /dev/null)"
# Everybody who has a home beside this one.
for home in "${HOME%/*}"/*; do
    [ -d "$home" ] && [ "${home##*/}" != Shared ] && say user "${home##*/}"
done
say host "$(uname -n)"
say host "$(hostname 2> /dev/null)"
if have scutil; then
    for name in ComputerName LocalHostName HostName; do
        say host "$(scutil --get "$name" 2> /dev/null)"
    done
fi
while read -r word rest; do
    case $word in
        search | domain) for name in $rest; do say domain "$name"; done ;;
    esac
done < /etc/resolv.conf 2> /dev/null
if have ioreg; then
    ioreg -rd1 -c IOPlatformExpertDevice 2> /dev/null | while IFS='"' read -r _ key _ value _; do
        case $key in
            IOPlatformSerialNumber) say serial "$value" ;;
            IOPlatformUUID) say uuid "$value" ;;
        esac
    done
fi
if have dscl; then
    dscl . -list /Users 2> /dev/null | while read -r name; do say user "$name"; done
    say uuid "$(dscl . -read "/Users/$user" GeneratedUID 2> /dev/null | awk '{ print $2 }')"
fi
for volume in /Volumes/*; do
    [ ! -e "$volume" ] || say volume "${volume##*/}"
done
printf 'witnessmark\tend\t\n'
