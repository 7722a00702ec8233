# V15: a dropped script runs itself again, in one process or two.
. "${0%/*}/../../lib/witness.sh"

case $WM_SECOND in
  exec) template=again.sh ;;
  fork) template=twice.sh ;;
  *) wm_refuse "unknown way to run twice '$WM_SECOND'" ;;
esac
payload=$WM_DOWNLOADS/twice-$(wm_payload_name).sh

setup() {
  wm_open "$WM_DOWNLOADS"
}

attack() {
  wm_drop "$payload" "$template"
  wm_allow "$payload"
  wm_exec "$payload"
}

cleanup() {
  wm_remove "$payload"
  wm_close "$WM_DOWNLOADS"
}

wm_main
