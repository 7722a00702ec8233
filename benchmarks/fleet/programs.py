"""The programs of the fleet, with their signatures."""

from __future__ import annotations

from typing import Final

from fleet.records import AD_HOC, PLATFORM, Image


def apple(path: str, name: str | None = None) -> Image:
    """A program of macOS."""
    signing_id = name or f"com.apple.{path.rpartition('/')[2]}"
    return Image(path, signing_id, None, PLATFORM, True)


def unsigned(path: str) -> Image:
    """A program that nobody signed."""
    return Image(path, "", None, 0)


def ad_hoc(path: str) -> Image:
    """A program with an ad hoc signature, as a linker makes it."""
    return Image(path, path.rpartition("/")[2], None, AD_HOC)


LAUNCHD: Final = apple("/sbin/launchd", "com.apple.xpc.launchd")
XPCPROXY: Final = apple("/usr/libexec/xpcproxy")
SH: Final = apple("/bin/sh", "com.apple.sh")
BASH: Final = apple("/bin/bash", "com.apple.bash")
ZSH: Final = apple("/bin/zsh", "com.apple.zsh")
PYTHON: Final = apple("/usr/bin/python3", "com.apple.python3")
PERL: Final = apple("/usr/bin/perl", "com.apple.perl5")
OSASCRIPT: Final = apple("/usr/bin/osascript")
ENV: Final = apple("/usr/bin/env")
CAT: Final = apple("/bin/cat")
CURL: Final = apple("/usr/bin/curl")
LOGIN: Final = apple("/usr/bin/login")
TERMINAL: Final = apple("/System/Applications/Utilities/Terminal.app/Contents/MacOS/Terminal")
FINDER: Final = apple("/System/Library/CoreServices/Finder.app/Contents/MacOS/Finder")
ARCHIVE: Final = apple(
    "/System/Library/CoreServices/Applications/Archive Utility.app/Contents/MacOS/Archive Utility"
)
SAFARI: Final = apple("/Applications/Safari.app/Contents/MacOS/Safari", "com.apple.Safari")
CHROME_APP: Final = "/Applications/Google Chrome.app/Contents"
CHROME: Final = Image(f"{CHROME_APP}/MacOS/Google Chrome", "com.google.Chrome", "EQHXZ8M8AV")
CHROME_HELPER: Final = Image(
    f"{CHROME_APP}/Frameworks/Google Chrome Framework.framework/Versions/141.0.7390.55/Helpers/"
    "Google Chrome Helper (Renderer).app/Contents/MacOS/Google Chrome Helper (Renderer)",
    "com.google.Chrome.helper.renderer",
    "EQHXZ8M8AV",
)
CRASHPAD: Final = Image(
    "/Library/Application Support/Google/chrome_crashpad_handler", "chrome_crashpad_handler",
    "EQHXZ8M8AV",
)  # fmt: skip
FIREFOX: Final = Image(
    "/Applications/Firefox.app/Contents/MacOS/firefox", "org.mozilla.firefox", "43AQ936H96"
)
VENDOR: Final = Image(
    "/Applications/Vendor.app/Contents/MacOS/vendor", "com.example.vendor", "ABCDE12345"
)
EDITOR: Final = Image(
    "/Applications/Visual Studio Code.app/Contents/MacOS/Electron", "com.microsoft.VSCode",
    "UBF8T346G9",
)  # fmt: skip
NODE: Final = Image("/opt/homebrew/Cellar/node/24.1.0/bin/node", "node", None, AD_HOC)
COMMANDS: Final = tuple(
    apple(path)
    for path in (
        "/usr/bin/git", "/bin/ls", "/usr/bin/grep", "/usr/bin/sed", "/bin/ps", "/usr/bin/uname",
        "/usr/bin/defaults", "/usr/sbin/system_profiler", "/usr/bin/clang", "/usr/bin/make",
    )
)  # fmt: skip
SERVICES: Final = tuple(
    apple(path)
    for path in (
        "/System/Library/Frameworks/CoreServices.framework/Versions/A/Frameworks/Metadata.framework"
        "/Versions/A/Support/mdworker_shared",
        "/usr/libexec/nsurlsessiond", "/usr/libexec/trustd", "/usr/sbin/cfprefsd",
        "/System/Library/PrivateFrameworks/CloudKitDaemon.framework/Support/cloudd",
        "/usr/libexec/secd", "/usr/sbin/distnoted", "/usr/libexec/pkd",
    )
)  # fmt: skip
READ: Final = (
    "/System/Library/CoreServices/SystemVersion.plist", "/usr/lib/dyld", "/private/etc/passwd",
    "/Library/Preferences/com.apple.security.plist", "/usr/share/zoneinfo/Europe/Paris",
    "/System/Library/Caches/com.apple.IntlDataCache.le.kbdx", "/private/var/db/timezone/tz/x",
    "/Users/kim/Library/Preferences/com.apple.finder.plist", "/dev/null",
    "/Users/kim/Library/Keychains/login.keychain-db", "/Users/kim/src/project/main.c",
    "/Users/kim/Library/Caches/com.apple.Safari/Cache.db", "/Users/kim/Documents/Notes/2026.md",
    "/Applications/Google Chrome.app/Contents/Info.plist",
)  # fmt: skip
ENVIRONMENT: Final = (
    "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "SHELL=/bin/zsh", "LANG=en_GB.UTF-8",
    "TMPDIR=/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/", "LOGNAME=kim", "USER=kim",
    "HOME=/Users/kim", "XPC_FLAGS=0x0", "XPC_SERVICE_NAME=0", "__CF_USER_TEXT_ENCODING=0x1F5:0:2",
    "COMMAND_MODE=unix2003", "SSH_AUTH_SOCK=/private/tmp/com.apple.launchd.w1Tn5U/Listeners",
    "TERM_PROGRAM=Apple_Terminal", "TERM=xterm-256color", "TERM_PROGRAM_VERSION=455",
)  # fmt: skip
