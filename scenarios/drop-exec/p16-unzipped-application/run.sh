# P16: an application comes out of an archive in Downloads and its program is run.
. "${0%/*}/../../lib/witness.sh"

bundle=Invoice-$(wm_payload_name).app
app=$WM_DOWNLOADS/$bundle
payload=$app/Contents/MacOS/Invoice-$(wm_payload_name)
archive=$WM_DOWNLOADS/Invoice-$(wm_payload_name).archive

setup() {
  wm_needs_archiver "$WM_TOOL"
  wm_open "$WM_DOWNLOADS"
  wm_open "$wm_away/$bundle/Contents/MacOS"
  wm_drop "$wm_away/$bundle/Contents/MacOS/Invoice-$(wm_payload_name)"
  wm_allow "$wm_away/$bundle/Contents/MacOS/Invoice-$(wm_payload_name)"
  wm_archive "$WM_TOOL" "$wm_away/packed.archive" "$wm_away/$bundle"
}

attack() {
  wm_copy_in "$wm_away/packed.archive" "$archive"
  wm_extract "$WM_TOOL" "$archive" "$payload"
  wm_exec "$payload"
}

cleanup() {
  wm_remove "$payload" "$archive" "$wm_away/packed.archive"
  wm_remove "$wm_away/$bundle/Contents/MacOS/Invoice-$(wm_payload_name)"
  for folder in "$app" "$wm_away/$bundle"; do
    wm_remove_folder "$folder/Contents/MacOS" "$folder/Contents" "$folder"
  done
  wm_close "$wm_away"
  wm_close "$WM_DOWNLOADS"
}

wm_main
