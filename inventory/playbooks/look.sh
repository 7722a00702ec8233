# Looks at a host and leaves nothing on it: consent, symbolic links, folders for payloads (only
# after consent is seen is an empty folder made in each and removed at once).
# POSIX sh. $1: the consent file, $2: the run. Answers `witnessmark<TAB>CODE<TAB>DETAIL`;
# exit 64: must not be used, 73: cannot be used.

say() { printf 'witnessmark\t%s\t%s\n' "$1" "$2"; }
refuse() { say "$1" "$2"; exit 64; }
fail() { say "$1" "$2"; exit 73; }

LC_ALL=C
export LC_ALL
consent=$1 owner='' expires='' cr=$(printf '\r')

[ ! -L "$consent" ] || refuse consent-link ''
[ -f "$consent" ] || refuse consent-missing ''
[ -r "$consent" ] || refuse consent-unreadable ''
while IFS= read -r line || [ -n "$line" ]; do
    line=${line%"$cr"}
    case $line in
        'owner: '*) [ -z "$owner" ] || refuse consent-twice owner; owner=${line#owner: } ;;
        'expires: '*) [ -z "$expires" ] || refuse consent-twice expires; expires=${line#expires: } ;;
    esac
done <"$consent"

[ -n "$owner" ] || refuse consent-line owner
case $expires in
    '') refuse consent-line expires ;;
    [0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]) ;;
    *) refuse consent-date "$expires" ;;
esac
rest=${expires#*-}
# Both are eight digits, so they compare as numbers; the day of expiry itself still counts.
[ "$(date -u +%Y%m%d)" -le "${expires%%-*}${rest%-*}${rest#*-}" ] || refuse consent-expired "$expires"
say expires "$expires"
say owner "$owner"
say system "$(uname -s)"

[ -n "${HOME:-}" ] && [ -d "$HOME" ] || fail no-home "${HOME:-}"
for own in .witnessmark ".witnessmark/$2" Downloads/witnessmark Library/Caches/org.witnessmark; do
    [ ! -L "$HOME/$own" ] || refuse link "~/$own"
done
private() { # is $1 a folder of this user's own, in which nobody else may write?
    case $(ls -ldn "$1") in
        d????w* | d???????w*) return 1 ;;
        d*) [ "$(ls -ldn "$1" | awk 'NR == 1 { print $3 }')" = "$(id -u)" ] ;;
        *) return 1 ;;
    esac
}
for own in Downloads/witnessmark Library/Caches/org.witnessmark; do
    [ ! -e "$HOME/$own" ] || private "$HOME/$own" || refuse not-private "~/$own"
done
for top in Downloads Library/Caches; do
    [ -d "$HOME/$top" ] || fail folder-missing "~/$top"
    # Only trying tells: macOS denies a folder to a remote user without changing its mode.
    probe=$HOME/$top/.witnessmark-$$
    mkdir "$probe" 2>/dev/null && rmdir "$probe" || fail folder-denied "~/$top"
done
[ -d "$HOME/.witnessmark" ] || [ -w "$HOME" ] || fail folder-denied '~'
