# N17: a process that is only called Safari starts a shell.
. "${0%/*}/../../lib/witness.sh"

stub=$wm_away/Safari

setup() {
  wm_needs_browser
  [ "$WM_SPOOF" != copy ] || wm_copy_as_is bash "$stub" -c :
}

attack() {
  case $WM_SPOOF in
    argv0) wm_parent_runs "$(wm_path bash)" Safari ;;
    copy) wm_parent_runs "$stub" Safari ;;
    *) wm_refuse "unknown spoof '$WM_SPOOF'" ;;
  esac
}

cleanup() {
  [ "$WM_SPOOF" != copy ] || wm_remove "$stub"
  wm_close "$wm_away"
}

wm_main
