# V23: a script is run from a disk image that lies in Downloads.
. "${0%/*}/../../lib/witness.sh"

image=$WM_DOWNLOADS/disk-$(wm_payload_name).dmg
volume=$wm_away/volume
payload=$volume/open-$(wm_payload_name).sh

setup() {
  wm_need hdiutil
  wm_open "$WM_DOWNLOADS"
  wm_open "$wm_away/source"
  wm_open "$volume"
  wm_drop "$wm_away/source/open-$(wm_payload_name).sh"
  wm_allow "$wm_away/source/open-$(wm_payload_name).sh"
}

attack() {
  wm_image "$wm_away/source" "$image"
  wm_attach "$image" "$volume"
  wm_exec "$payload"
}

cleanup() {
  wm_detach "$volume"
  wm_remove "$image" "$wm_away/source/open-$(wm_payload_name).sh"
  wm_remove_folder "$wm_away/source" "$volume"
  wm_close "$wm_away"
  wm_close "$WM_DOWNLOADS"
}

wm_main
