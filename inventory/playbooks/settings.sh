# Looks how a Mac is set up for the lab. POSIX sh; reads only, and keeps nothing of what it reads.
# Answers `witnessmark<TAB>CODE<TAB>readable|denied|absent|unknown` for each file that tells
# something; the end is `witnessmark<TAB>end<TAB>`. $1: what lies before the host's / (a stand-in's).

say() { printf 'witnessmark\t%s\t%s\n' "$1" "$2"; }
LC_ALL=C
export LC_ALL
root=${1:-}

look() { # $1: code, $2: file. Only reading tells: TCC changes no mode, and hides what is there.
    said=$(head -c 1 "$2" 2>&1 > /dev/null) && { say "$1" readable; return; }
    case $said in
        *'ot permitted'* | *'ermission denied'*) say "$1" denied ;;
        *'o such file'*) say "$1" absent ;;
        *) say "$1" unknown ;;
    esac
}

# Assumed: only a session with Full Disk Access may read this one.
look full-disk-access "$HOME/Library/Application Support/com.apple.TCC/TCC.db"
look logging "$root/Library/Managed Preferences/com.apple.system.logging.plist"
look logging-local "$root/Library/Preferences/Logging/com.apple.system.logging.plist"
look santa "$root/Library/Managed Preferences/com.northpolesec.santa.plist"
look osquery "$root/private/var/osquery/osquery.conf"
look osquery-lab "$root/private/var/osquery/osquery.conf.d/witnessmark.conf"
look osquery-flags "$root/private/var/osquery/osquery.flags"
say end ''
