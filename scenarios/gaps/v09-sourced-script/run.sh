# V09: a dropped script is sourced by a shell that runs already.
. "${0%/*}/../../lib/witness.sh"

payload=$WM_DOWNLOADS/profile-$(wm_payload_name).sh

setup() {
  wm_open "$WM_DOWNLOADS"
}

attack() {
  wm_drop "$payload"
  wm_source "$payload"
}

cleanup() {
  wm_remove "$payload"
  wm_close "$WM_DOWNLOADS"
}

wm_main
