# V13: an old download gets new content and is run at once.
. "${0%/*}/../../lib/witness.sh"

payload=$WM_DOWNLOADS/tool-$(wm_payload_name).sh

setup() {
  wm_open "$WM_DOWNLOADS"
}

attack() {
  wm_drop "$payload"
  wm_allow "$payload"
  wm_wait "$((WM_WINDOW + 1))"
  wm_rewrite "$payload"
  wm_exec "$payload"
}

cleanup() {
  wm_remove "$payload"
  wm_close "$WM_DOWNLOADS"
}

wm_main
