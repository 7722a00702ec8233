# Steps on disk images and packages: macOS only, and not tried on a Mac yet. Sourced by witness.sh.

# wm_image FOLDER IMAGE: write a disk image that holds a folder's files.
wm_image() {
  wm_inside "$1"
  wm_new "$2"
  hdiutil create -quiet -fs HFS+ -volname witnessmark -srcfolder "$1" "$2"
  wm_done image "$2" - "$?"
}

# wm_attach IMAGE FOLDER: mount it on a folder of the case, unseen by the Finder.
wm_attach() {
  wm_inside "$1"
  wm_inside "$2"
  hdiutil attach -quiet -nobrowse -noautoopen -mountpoint "$2" "$1"
  wm_done attach "$1" "$2" "$?"
}

# wm_detach FOLDER: unmount what this case attached there, if anything.
wm_detach() {
  wm_inside "$1"
  [ -d "$1" ] && [ "$(stat -f %d "$1")" != "$(stat -f %d "${1%/*}")" ] || return 0
  hdiutil detach -quiet "$1"
  wm_receipt detach "$1" - "$$" "$PPID" "$?"
}

# wm_package FOLDER PACKAGE: a package of nothing but a preinstall script, which is the payload with
# this phase's mark and evidence file written into it: installd passes no environment on.
wm_package() {
  wm_new "$1/preinstall"
  wm_new "$2"
  {
    printf '#!/bin/sh\nWM_MARK=%s\nWM_EVIDENCE="%s"\n' "$WM_MARK" "$WM_EVIDENCE"
    wm_print mark.sh
  } > "$1/preinstall" || wm_fail "cannot write $1/preinstall"
  chmod 755 "$1/preinstall"
  pkgbuild --quiet --nopayload --scripts "$1" --identifier "org.$WM_MARK" "$2"
  wm_done package "$2" - "$?"
}

# wm_install PACKAGE: install it; the script's process is the one that left the line of evidence.
wm_install() {
  wm_inside "$1"
  installer -pkg "$1" -target / > /dev/null
  wm_done install "$1" - "$?"
  wm_told || wm_fail "the package's script left no evidence"
  wm_receipt installed "$1" - "$wm_told_pid" "$wm_told_ppid" 0
}
