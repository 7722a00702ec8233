# Steps on files: drop, change, move, extract. Sourced by witness.sh.

# wm_folder: the payload folder that the axis "directory" asks for, as wm_said.
wm_folder() {
  case $WM_DIRECTORY in
    downloads) wm_said=$WM_DOWNLOADS ;;
    caches) wm_said=$WM_CACHES ;;
    *) wm_refuse "unknown directory axis '$WM_DIRECTORY'" ;;
  esac
}

# wm_done STEP PATH TO STATUS: the receipt of a step of this very script; it must have gone well.
wm_done() {
  wm_receipt "$1" "$2" "$3" "$$" "$PPID" "$4"
  [ "$4" -eq 0 ] || wm_fail "$1 of $2 ended with $4"
}

# wm_new FILE: a plain path inside, where nothing is yet.
wm_new() {
  wm_inside "$1"
  if [ -e "$1" ] || [ -L "$1" ]; then wm_refuse "$1 exists already"; fi
}

# wm_template NAME: it is one of the pack's payloads.
wm_template() {
  case $1 in '' | *[!a-z0-9.]*) wm_refuse "'$1' is no payload template" ;; esac
  [ -f "$WM_HOME/pack/lib/payloads/$1" ] || wm_refuse "there is no payload template '$1'"
}

# wm_print TEMPLATE: the text of a payload template.
wm_print() {
  wm_template "$1"
  while IFS= read -r wm_line; do printf '%s\n' "$wm_line"; done < "$WM_HOME/pack/lib/payloads/$1"
}

# wm_drop FILE [TEMPLATE]: write an inert payload, marked for this run, under its final name.
wm_drop() {
  wm_new "$1"
  wm_template "${2:-mark.sh}"
  set -C
  {
    wm_print "${2:-mark.sh}"
    case ${2:-} in
      *.applescript) printf -- '-- %s\n' "$WM_MARK" ;;
      *) printf '# %s\n' "$WM_MARK" ;;
    esac
  } > "$1"
  wm_status=$?
  set +C
  wm_done drop "$1" - "$wm_status"
}

# wm_drop_as_is FILE TEMPLATE: the same without the mark in its content, so that its hash is known.
wm_drop_as_is() {
  wm_new "$1"
  wm_template "$2"
  set -C
  wm_print "$2" > "$1"
  wm_status=$?
  set +C
  wm_done drop "$1" - "$wm_status"
}

# wm_rewrite FILE: replace the content of a file that this phase dropped by the same payload anew.
wm_rewrite() {
  wm_inside "$1"
  [ -f "$1" ] || wm_fail "$1 is not there to be rewritten"
  {
    wm_print mark.sh
    printf '# %s again\n' "$WM_MARK"
  } > "$1"
  wm_done rewrite "$1" - "$?"
}

# wm_allow FILE: make a dropped file executable.
wm_allow() {
  wm_inside "$1"
  chmod u+x "$1"
  wm_done chmod "$1" - "$?"
}

# wm_quarantine FILE: mark a file as downloaded (0081), where the host has xattr(1).
# Enrichment only: no rule requires it, so a host without xattr gets a receipt with status 69.
wm_quarantine() {
  wm_inside "$1"
  if command -v xattr > /dev/null 2>&1; then
    xattr -w com.apple.quarantine "0081;00000000;witnessmark;" "$1"
    wm_receipt quarantine "$1" - "$$" "$PPID" "$?"
  else
    wm_receipt quarantine "$1" - "$$" "$PPID" 69
  fi
}

# wm_strip FILE: remove every extended attribute, where the host has xattr(1).
wm_strip() {
  wm_inside "$1"
  if command -v xattr > /dev/null 2>&1; then
    xattr -c "$1"
    wm_receipt strip "$1" - "$$" "$PPID" "$?"
  else
    wm_receipt strip "$1" - "$$" "$PPID" 69
  fi
}

# wm_move FILE TO: rename a file inside the case's folders.
wm_move() {
  wm_inside "$1"
  wm_new "$2"
  mv "$1" "$2"
  wm_done move "$1" "$2" "$?"
}

# wm_forge FILE: set a file's times back to 2001.
wm_forge() {
  wm_inside "$1"
  touch -t 200101010000 "$1"
  wm_done touch "$1" - "$?"
}

# wm_archive TOOL ARCHIVE FOLDER: pack FOLDER, which lies beside ARCHIVE, by its name.
wm_archive() {
  wm_new "$2"
  wm_inside "$3"
  (
    cd "${3%/*}" || exit 1
    case $1 in
      tar) tar -cf "$2" "${3##*/}" ;;
      unzip) zip -q -r "$2" "${3##*/}" ;;
      ditto) ditto -c -k --keepParent "${3##*/}" "$2" ;;
      *) wm_refuse "unknown archive tool '$1'" ;;
    esac
  )
  wm_done archive "$2" - "$?"
}

# wm_extract TOOL ARCHIVE MEMBER: unpack in the archive's folder; MEMBER is the file that comes.
wm_extract() {
  wm_inside "$2"
  wm_new "$3"
  case $1 in
    tar) (cd "${2%/*}" && exec tar -xf "$2") & ;;
    unzip) (cd "${2%/*}" && exec unzip -q "$2") & ;;
    ditto) (cd "${2%/*}" && exec ditto -x -k "$2" "${2%/*}") & ;;
    *) wm_refuse "unknown archive tool '$1'" ;;
  esac
  wm_pid=$!
  wait "$wm_pid"
  wm_status=$?
  wm_receipt extract "$2" "$3" "$wm_pid" "$$" "$wm_status"
  [ "$wm_status" -eq 0 ] && [ -f "$3" ] || wm_fail "$1 did not extract $3"
}

# wm_copy_in FILE TO: copy a file of the case's own into a payload folder.
wm_copy_in() {
  wm_inside "$1"
  wm_new "$2"
  cp "$1" "$2"
  wm_done drop "$2" - "$?"
}

# wm_needs_archiver TOOL: what packs and unpacks is there, or the case does not apply.
wm_needs_archiver() {
  wm_need "$1"
  [ "$1" != unzip ] || wm_need zip
}

# wm_url FILE: a file: URL (RFC 8089) of a path; only plain names and spaces are spelled.
wm_url() {
  wm_left=$1
  wm_text=
  while [ -n "$wm_left" ]; do
    wm_rest=${wm_left#?}
    wm_char=${wm_left%"$wm_rest"}
    wm_left=$wm_rest
    case $wm_char in
      [A-Za-z0-9/._~-]) wm_text=$wm_text$wm_char ;;
      ' ') wm_text=$wm_text%20 ;;
      *) printf 'missing: a home whose name needs no escapes in a URL\n' >&2; exit 69 ;;
    esac
  done
  printf 'file://%s' "$wm_text"
}

# wm_fetch URL FILE: curl writes FILE from a file: URL; nothing leaves the host.
wm_fetch() {
  [ $? -ne 127 ] || wm_unfound
  case $1 in file:///*) ;; *) wm_refuse "$1 is not a file: URL" ;; esac
  wm_new "$2"
  curl -q -f -s -o "$2" "$1" &
  wm_pid=$!
  wait "$wm_pid"
  wm_status=$?
  wm_receipt fetch "$2" - "$wm_pid" "$$" "$wm_status"
  [ "$wm_status" -eq 0 ] || wm_fail "curl ended with $wm_status"
}

# wm_remove FILE...: remove what this case dropped, and say so.
wm_remove() {
  for wm_file in "$@"; do
    wm_inside "$wm_file"
    rm -f "$wm_file"
    wm_receipt remove "$wm_file" - "$$" "$PPID" "$?"
  done
}

# wm_remove_folder DIR...: remove folders that this case made, once empty; innermost first.
wm_remove_folder() {
  for wm_file in "$@"; do
    wm_inside "$wm_file/."
    [ ! -d "$wm_file" ] || rmdir "$wm_file"
    wm_receipt remove "$wm_file" - "$$" "$PPID" "$?"
  done
}
