"""Command lines of interpreters, as far as it takes to find the script that is run (B3).

From each interpreter's manual. ``value`` options take the next word; ``attached`` ones only what
is glued to them; ``check`` options parse without running; ``inline`` ones bring the code along.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """How one interpreter reads its options. Letters are short options, words are long ones."""

    inline: str = ""
    check: str = ""
    value: str = ""
    attached: str = ""
    operand: str = ""
    """Options whose value is the script itself (``php -f``)."""
    module: str = ""
    stdin: str = ""
    chdir: str = ""
    """Options whose value is a folder to change into before the script is opened."""
    next_word: str = ""
    """Options that take the next word even from inside a cluster (``sh -eo pipefail``)."""
    ends: str = ""
    """Options that end the options (``csh -b``)."""
    long_inline: frozenset[str] = frozenset()
    long_check: frozenset[str] = frozenset()
    long_value: frozenset[str] = frozenset()
    long_operand: frozenset[str] = frozenset()
    long_module: frozenset[str] = frozenset()
    long_flags: frozenset[str] = frozenset()
    """Known only where a single dash may also begin a word (bash)."""
    quits: frozenset[str] = frozenset()
    """Options that print something and run nothing."""
    single_dash_words: bool = False
    dash_ends_options: bool = False
    """A lone ``-`` ends the options (shells); else it means: read from stdin."""
    plus: bool = False


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SH = Grammar(
    inline="c", check="n", stdin="s", next_word="o", dash_ends_options=True, plus=True,
    long_check=_words("noexec"), quits=_words("help version"),
)  # fmt: skip

GRAMMARS: dict[str, Grammar] = {
    "sh": _SH,
    "ksh": _SH,
    "bash": Grammar(
        inline="c", check="nD", stdin="s", next_word="oO", dash_ends_options=True, plus=True,
        long_check=_words("dump-strings dump-po-strings pretty-print"),
        long_value=_words("rcfile init-file"),
        long_flags=_words("debug debugger login noediting noprofile norc posix protected "
                          "restricted verbose wordexp"),
        quits=_words("help version"), single_dash_words=True,
    ),
    "zsh": Grammar(
        inline="c", check="n", stdin="s", next_word="o", ends="b", dash_ends_options=True,
        plus=True, long_check=_words("noexec"), long_value=_words("emulate"),
        quits=_words("help version"),
    ),
    "csh": Grammar(
        inline="c", check="n", stdin="s", ends="b", attached="D", quits=_words("help version"),
    ),
    "fish": Grammar(
        inline="c", check="n", value="CdDofp", long_inline=_words("command"),
        long_check=_words("no-execute"), quits=_words("help version h v"),
        long_value=_words("init-command debug debug-output debug-stack-frames features profile "
                          "profile-startup"),
    ),
    "osascript": Grammar(inline="e", value="ls", stdin="i"),
    "python": Grammar(
        inline="c", module="m", value="WXQ", quits=_words("h V ? help version help-env help-all"),
        long_value=_words("check-hash-based-pycs"),
    ),
    "perl": Grammar(
        inline="eE", check="c", value="I", attached="0CDFilMmVdx",
        quits=_words("h v V help version"),
    ),
    "ruby": Grammar(
        inline="e", check="c", value="IrE", attached="0FiKTWx", chdir="CX",
        long_value=_words("encoding external-encoding internal-encoding enable disable dump "
                          "parser backtrace-limit"),
        quits=_words("h help version copyright"),
    ),
    "php": Grammar(
        inline="rBRE", check="lws", value="cdgztS", operand="fF", stdin="a",
        long_inline=_words("run process-begin process-code process-end"),
        long_check=_words("syntax-check strip syntax-highlight"),
        long_value=_words("php-ini define global zend-extension docroot server"),
        long_operand=_words("file process-file"),
        quits=_words("h i m v help info modules version ini rf rc re rz ri"),
    ),
    "node": Grammar(
        inline="ep", check="c", value="rC", stdin="i", long_inline=_words("eval print"),
        long_check=_words("check"), quits=_words("h v help version v8-options run completion-bash"),
        long_value=_words("require import loader experimental-loader conditions title env-file "
                          "env-file-if-exists input-type watch-path disable-warning "
                          "inspect-port icu-data-dir openssl-config redirect-warnings "
                          "max-http-header-size stack-trace-limit unhandled-rejections "
                          "test-name-pattern test-reporter test-reporter-destination"),
    ),
    "tcl": Grammar(long_value=_words("encoding"), single_dash_words=True),
    "swift": Grammar(
        single_dash_words=True, inline="e", value="ILFDo", long_inline=_words("e"),
        long_flags=_words("frontend interpret i O Onone Osize g v"),
        long_check=_words("typecheck parse dump-ast emit-module emit-object emit-ir emit-sil "
                          "emit-assembly emit-library emit-executable c"),
        long_value=_words("sdk target module-name module-cache-path Xcc Xfrontend Xlinker "
                          "resource-dir swift-version external-plugin-path plugin-path "
                          "in-process-plugin-server-path"),
        quits=_words("help h version"),
    ),
    "pwsh": Grammar(
        single_dash_words=True, long_inline=_words("command c encodedcommand e ec"),
        long_operand=_words("file f"),
        long_value=_words("executionpolicy ex ep workingdirectory wd wo outputformat o of "
                          "inputformat inp if windowstyle w configurationname config "
                          "configurationfile custompipename settingsfile settings psconsolefile"),
        quits=_words("help h ? version v"),
    ),
    "java": Grammar(
        single_dash_words=True, long_operand=_words("jar"), long_module=_words("m module"),
        long_value=_words("cp classpath class-path p module-path upgrade-module-path add-modules "
                          "add-reads add-exports add-opens limit-modules patch-module source "
                          "enable-native-access describe-module d"),
        quits=_words("help h ? version showversion list-modules X validate-modules"),
    ),
    "jsc": Grammar(
        inline="e", stdin="i", value="g", operand="fm", quits=_words("h help options"),
    ),
}  # fmt: skip
