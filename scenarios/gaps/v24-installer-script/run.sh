# V24: a package in Downloads runs its preinstall script.
. "${0%/*}/../../lib/witness.sh"

package=$WM_DOWNLOADS/setup-$(wm_payload_name).pkg

setup() {
  wm_need pkgbuild
  wm_need installer
  wm_open "$WM_DOWNLOADS"
  wm_open "$wm_away/scripts"
}

attack() {
  wm_package "$wm_away/scripts" "$package"
  wm_install "$package"
}

cleanup() {
  wm_remove "$package" "$wm_away/scripts/preinstall"
  wm_remove_folder "$wm_away/scripts"
  wm_close "$wm_away"
  wm_close "$WM_DOWNLOADS"
}

wm_main
