# V19: a dropped script is run by a relative path.
. "${0%/*}/../../lib/witness.sh"

wm_folder
payload=$wm_said/here-$(wm_payload_name).sh

setup() {
  wm_open "$wm_said"
}

attack() {
  wm_drop "$payload"
  case $WM_FORM in
    direct)
      wm_allow "$payload"
      wm_exec_relative "$payload"
      ;;
    operand) wm_interpret_relative "$payload" sh ;;
    *) wm_refuse "unknown form '$WM_FORM'" ;;
  esac
}

cleanup() {
  wm_remove "$payload"
  wm_close "$wm_said"
}

wm_main
