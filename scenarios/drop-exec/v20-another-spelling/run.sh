# V20: a dropped script is run under another spelling of its path.
. "${0%/*}/../../lib/witness.sh"

accent=$(printf 'e\314\201')
name=cafe-$(wm_payload_name)-caf$accent.sh
payload=$WM_DOWNLOADS/$name

# spelled FILE: the same file as the axis spells it.
spelled() {
  case $WM_SPELLING in
    nfd) printf '%s' "$1" ;;
    nfc) printf '%s' "${1%"$accent".sh}$(printf '\303\251').sh" ;;
    case) printf '%s' "${1%/*}/$(printf '%s' "${1##*/}" | tr 'a-z' 'A-Z')" ;;
    volume) printf '%s' "/System/Volumes/Data$1" ;;
    *) wm_refuse "unknown spelling '$WM_SPELLING'" ;;
  esac
}

setup() {
  wm_open "$wm_away"
  wm_drop "$wm_away/$name"
  other=$(spelled "$wm_away/$name")
  if [ ! -e "$other" ]; then
    wm_remove "$wm_away/$name"
    wm_close "$wm_away"
    printf 'missing: a volume on which %s is the same file\n' "$WM_SPELLING" >&2
    exit 69
  fi
  wm_remove "$wm_away/$name"
  wm_close "$wm_away"
  wm_open "$WM_DOWNLOADS"
}

attack() {
  wm_drop "$payload"
  wm_interpret_as "$payload" "$(spelled "$payload")" sh
}

cleanup() {
  wm_remove "$payload"
  wm_close "$WM_DOWNLOADS"
}

wm_main
