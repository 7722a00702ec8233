# V18: a dropped script is run behind a wrapper.
. "${0%/*}/../../lib/witness.sh"

payload=$WM_DOWNLOADS/job-$(wm_payload_name).sh

setup() {
  wm_needs_wrapper "$WM_WRAPPER"
  wm_open "$WM_DOWNLOADS"
}

attack() {
  wm_drop "$payload"
  wm_wrap "$payload" "$WM_WRAPPER"
}

cleanup() {
  wm_remove "$payload"
  wm_close "$WM_DOWNLOADS"
}

wm_main
