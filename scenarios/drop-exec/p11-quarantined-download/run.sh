# P11: a downloaded script, quarantined as a browser would, is made executable and run a moment later.
. "${0%/*}/../../lib/witness.sh"

case $WM_DIRECTORY in
  downloads) folder=$WM_DOWNLOADS ;;
  caches) folder=$WM_CACHES ;;
  *) wm_refuse "unknown directory axis '$WM_DIRECTORY'" ;;
esac
payload=$folder/invoice-$(wm_payload_name).sh

setup() {
  wm_open "$folder"
}

attack() {
  wm_drop "$payload"
  wm_quarantine "$payload"
  wm_allow "$payload"
  wm_wait 1
  wm_exec "$payload"
}

cleanup() {
  wm_remove "$payload"
  wm_close "$folder"
}

wm_main
