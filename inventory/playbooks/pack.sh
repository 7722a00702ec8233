# Lays the pack that follows the last line under ~/.witnessmark/RUN. POSIX sh, run as a file.
# $1: seconds without a controller after which the dead-man timer removes the run again; 0: no timer.
# Before this stand assignments: `run`, `count` and `dirs` (files and folders of the pack) and
# `sums` (what cksum must print for every file).
# The shell never parses the pack: it exits first, and awk reads this file from the marker on. Each
# line of content stands behind an X, so no content can be taken for a file's name (@).

umask 077
LC_ALL=C
export LC_ALL
say() { printf 'witnessmark\t%s\t%s\n' "$1" "$2"; }
refuse() { say "$1" "$2"; exit 64; }
fail() { say "$1" "$2"; exit 73; }
whole() ( # is folder $1 exactly the pack: these files, no others, no links?
    cd "$1" 2>/dev/null || exit 1
    [ "$(find . ! -type d | wc -l)" -eq "$count" ] && [ -z "$(find . -type l)" ] &&
        [ "$(printf '%s\n' "$sums" | cut -d ' ' -f 3 | xargs cksum 2>/dev/null)" = "$sums" ]
)

top=$HOME/.witnessmark base=$HOME/.witnessmark/$run changed=no
for own in "$top" "$base" "$base/pack" "$base/pack.new" "$base/run" \
    "$base/receipts" "$base/evidence" "$base/tools" "$base/tmp"; do
    [ ! -L "$own" ] || refuse link "~${own#"$HOME"}"
done
for own in "$base" "$base/receipts" "$base/evidence" "$base/tools" "$base/tmp"; do
    [ -d "$own" ] || { mkdir -p "$own" && changed=yes; } || fail not-written "~${own#"$HOME"}"
done
chmod 700 "$top" "$base" "$base/receipts" "$base/evidence" "$base/tools" "$base/tmp" ||
    fail not-written "~/.witnessmark/$run"

if ! whole "$base/pack"; then
    changed=yes
    rm -rf "$base/pack.new"
    (
        mkdir "$base/pack.new" && cd "$base/pack.new" && printf "%s\n" "$dirs" | xargs mkdir -p &&
            awk '
                seen && /^@/ { if (out) close(out); out = substr($0, 2); printf "" > out }
                seen && /^X/ { print substr($0, 2) > out }
                $0 == "#witnessmark-pack" { seen = 1 }
            '
    ) <"$0" || fail not-written "~/.witnessmark/$run/pack"
    whole "$base/pack.new" || fail altered "~/.witnessmark/$run/pack"
    rm -rf "$base/pack" && mv "$base/pack.new" "$base/pack" || fail not-written "~/.witnessmark/$run/pack"
fi
if [ ! -f "$base/run" ] || [ "$(cat "$base/run")" != "$run" ]; then
    printf '%s\n' "$run" >"$base/run" || fail not-written "~/.witnessmark/$run/run"
    changed=yes
fi
if [ "${1:-0}" != 0 ]; then
    sh "$base/pack/lib/deadman.sh" "$run" "$1" || fail no-dead-man ''
fi
say changed "$changed"
exit 0
#witnessmark-pack
