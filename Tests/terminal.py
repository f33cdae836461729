#!/usr/bin/env python3
"""The command on a terminal, in a pipe, and in shells.

    terminal.py SKIFF

Runs it on pseudo-terminals of several widths and into pipes: colours, width, progress and exit codes. Sources what
`--generate-completion-script` prints in the shells that are there (bash, zsh, fish), and looks for complaints of mandoc and
groff about the manual pages. A line for each check; the exit status is 1 if one failed. Needs Python's own library alone.
"""
import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unicodedata
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[1] / "Fixtures"
MODEL = str(FIXTURES / "torch-basic/model.onnx")
OTHER = str(FIXTURES / "keras3-bottleneck/model.h5")
CLEAN = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR")} | {
    "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
failed = []


def check(name, passed, detail=""):
    if not passed:
        failed.append(name)
    print(f"pass  {name}" if passed else f"FAIL  {name}: {detail}", flush=True)


def on_terminal(arguments, width=100, streams=(1, 2), seconds=60, **environment):
    """Output and exit status of a command whose `streams` are a terminal of so many columns; others are pipes."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    pipes = {1: subprocess.PIPE, 2: subprocess.PIPE}
    process = subprocess.Popen(
        arguments, stdin=subprocess.DEVNULL, env=CLEAN | environment,
        **{name: child if number in streams else pipes[number] for number, name in ((1, "stdout"), (2, "stderr"))})
    os.close(child)
    shown, piped = b"", b""
    sources = [parent] + [f.fileno() for f in (process.stdout, process.stderr) if f]
    end = time.monotonic() + seconds
    while sources and time.monotonic() < end:
        for ready in select.select(sources, [], [], 0.2)[0]:
            try:
                data = os.read(ready, 65536)
            except OSError:
                data = b""
            if not data:
                sources.remove(ready)
            elif ready == parent:
                shown += data
            else:
                piped += data
    process.wait(10)
    os.close(parent)
    return shown.decode().replace("\r\n", "\n"), piped.decode(), process.returncode


def columns(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def widest(text):
    return max(columns(ESCAPE.sub("", line)) for line in text.splitlines())


def colours(skiff):
    inspect = [skiff, "inspect", MODEL]
    shown, _, status = on_terminal(inspect)
    check("colours on a terminal", "\x1b[1mModel" in shown and status == 0, shown[:200])
    check("no colours with NO_COLOR", "\x1b" not in on_terminal(inspect, NO_COLOR="1")[0])
    check("colours with an empty NO_COLOR", "\x1b" in on_terminal(inspect, NO_COLOR="")[0])
    check("no colours on a dumb terminal", "\x1b" not in on_terminal(inspect, TERM="dumb")[0])
    check("no colours with --color never", "\x1b" not in on_terminal(inspect + ["--color", "never"])[0])
    check("--color always before NO_COLOR", "\x1b" in on_terminal(inspect + ["--color", "always"], NO_COLOR="1")[0])
    check("no colours in JSON", "\x1b" not in on_terminal(inspect + ["--json", "--color", "always"])[0])

    def piped(*more, **environment):
        return subprocess.run(inspect + list(more), capture_output=True, text=True, env=CLEAN | environment).stdout

    check("no colours in a pipe", "\x1b" not in piped())
    check("colours in a pipe with --color always", "\x1b" in piped("--color", "always"))
    for name in ("CLICOLOR_FORCE", "FORCE_COLOR"):
        check(f"colours in a pipe with {name}", "\x1b" in piped(**{name: "1"}))
        check(f"no colours in a pipe with {name} and NO_COLOR", "\x1b" not in piped(**{name: "1", "NO_COLOR": "1"}))
        check(f"no colours in a pipe with {name}=0", "\x1b" not in piped(**{name: "0"}))
    error = on_terminal([skiff, "inspect", "/nowhere.onnx"])
    check("errors are red on a terminal", "\x1b[31merror:" in error[0] and error[2] == 2, error[0])
    check("a wrong --color is refused", on_terminal(inspect + ["--color", "pink"])[2] == 64)


def widths(skiff):
    for verb in (["inspect", MODEL], ["inspect", OTHER, "--flow"]):
        for width in (40, 60, 80, 100, 250):
            shown, _, status = on_terminal([skiff, *verb], width)
            # Sentences and names of some sections do not break; tables and paragraphs do.
            check(f"{verb[0]} {' '.join(verb[2:])} on {width} columns", status == 0 and (width < 80 or widest(shown) <= width),
                  f"{widest(shown)} columns")
    shown = on_terminal([skiff, "inspect", OTHER, "--flow"], 60)[0]
    check("--flow on 60 columns", widest(shown) <= 60, f"{widest(shown)} columns")
    check("COLUMNS before the terminal", widest(on_terminal([skiff, "inspect", OTHER, "--flow"], 200, COLUMNS="70")[0]) <= 70)
    _, piped, _ = on_terminal([skiff, "inspect", OTHER, "--flow", "--color", "always"], 66, streams=(2,))
    check("a pager on a narrow terminal", widest(piped) <= 66, f"{widest(piped)} columns")
    _, piped, _ = on_terminal([skiff, "inspect", OTHER, "--flow"], 66, streams=(2,))
    check("a pipe is 100 columns wide", 66 < widest(piped) <= 100, f"{widest(piped)} columns")


def pipes(skiff):
    def shell(line):
        return subprocess.run(["bash", "-c", line.replace("skiff ", f"'{skiff}' ")], capture_output=True, text=True, env=CLEAN)

    done = shell(f"skiff inspect {MODEL} --all-blocks | head -n 1; echo ${{PIPESTATUS[0]}}")
    check("head ends quietly", done.stdout == "Model\n0\n" and not done.stderr, repr((done.stdout, done.stderr)))
    done = shell(f"skiff verify {MODEL} {FIXTURES}/mobile-like/model.h5 | true; echo ${{PIPESTATUS[0]}}")
    check("an error keeps its code", done.stdout in ("1\n", "2\n"), repr((done.stdout, done.stderr)))
    done = shell(f"skiff verify {MODEL} --against {FIXTURES}/torch-basic/io.npz --atol 0 --rtol 0 | true; echo ${{PIPESTATUS[0]}}")
    check("a verdict keeps its code where nobody reads it", done.stdout == "1\n", repr((done.stdout, done.stderr)))
    shown, piped, status = on_terminal([skiff, "inspect", OTHER, "--flow"], streams=(2,))
    check("nothing is left on the terminal of a pipe", status == 0 and not ESCAPE.sub("", shown).strip("\r\n "), repr(shown[-200:]))
    check("nothing but the result is in the pipe", "\x1b" not in piped and piped.startswith("Signal flow"))


# ---------------------------------------------------------------- shells

def completions(skiff, folder):
    scripts = {}
    for shell in ("bash", "zsh", "fish"):
        scripts[shell] = subprocess.run(
            [skiff, "--generate-completion-script", shell], capture_output=True, text=True, check=True).stdout
    (folder / "bin").mkdir()
    (folder / "bin/skiff").symlink_to(Path(skiff).resolve())
    files = folder / "files"
    (files / "folder").mkdir(parents=True)
    for name in ("model.onnx", "other.h5", "notes.txt", "image.png", "with space.skiff"):
        (files / name).touch()
    cases = [
        ("skiff ", {"inspect", "verify", "convert", "run"}, {"notes.txt"}),
        ("skiff inspect --na", {"--names"}, {"--json"}),
        ("skiff inspect ", {"model.onnx", "other.h5", "folder"}, {"notes.txt", "image.png"}),
        ("skiff inspect --flow --input ", {"image.png"}, {"notes.txt", "model.onnx"}),
        ("skiff inspect m --names ", {"torchvision", "keras-v2"}, {"notes.txt"}),
        ("skiff convert m --encoding ", {"lossless", "int8"}, set()),
        ("skiff run m --precision ", {"double"}, set()),
        ("skiff inspect --color ", {"never"}, set()),
        ("skiff check ", {"folder"}, {"model.onnx"}),
    ]
    environment = CLEAN | {"PATH": f"{folder / 'bin'}:{CLEAN['PATH']}", "HOME": str(folder)}
    for shell, offered in (("bash", in_bash), ("fish", in_fish), ("zsh", in_zsh)):
        if not shutil.which(shell):
            print(f"      {shell} is not there")
            continue
        for line, present, absent in cases:
            found = offered(scripts[shell], line, files, folder, environment)
            names = {word.rstrip("/") for word in found}
            check(f"{shell}: {line}", present <= names and not absent & names, repr(sorted(names))[:300])


def in_bash(script, line, files, folder, environment):
    (folder / "skiff.bash").write_text(script)
    program = r"""
        source "$1/skiff.bash"
        COMP_LINE=$2; COMP_POINT=${#2}; read -ra COMP_WORDS <<<"$2"
        [[ $2 == *" " ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
        function=$(complete -p skiff | sed 's/.*-F \([^ ]*\).*/\1/')
        "$function" skiff "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", program, "bash", str(folder), line], capture_output=True, text=True, cwd=files, env=environment)
    return done.stdout.splitlines()


def in_fish(script, line, files, folder, environment):
    (folder / "skiff.fish").write_text(script)
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"source {folder}/skiff.fish; complete -C '{line}'"], capture_output=True, text=True,
        cwd=files, env=environment)
    return [found.split("\t")[0] for found in done.stdout.splitlines()]


def in_zsh(script, line, files, folder, environment):
    """What zsh lists below its prompt when the tabulator is pressed."""
    (folder / "functions").mkdir(exist_ok=True)
    (folder / "functions/_skiff").write_text(script)
    (folder / ".zshrc").write_text(
        f"fpath=({folder}/functions $fpath)\nautoload -Uz compinit\ncompinit -u -D\nPROMPT='READY>'\nRPROMPT=\n"
        "unsetopt prompt_sp\nsetopt no_beep list_ambiguous\nzstyle ':completion:*' menu no\nLISTMAX=1000\n")
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 200, 300, 0, 0))
    process = subprocess.Popen(
        ["zsh", "-i"], stdin=child, stdout=child, stderr=child, cwd=files, start_new_session=True,
        env=environment | {"ZDOTDIR": str(folder)})
    os.close(child)

    def read(until, seconds):
        text, end = "", time.monotonic() + seconds
        while time.monotonic() < end and not until(text):
            if select.select([parent], [], [], 0.1)[0]:
                try:
                    text += os.read(parent, 65536).decode(errors="replace")
                except OSError:
                    break
        return ESCAPE.sub("", text)

    read(lambda text: "READY>" in text, 10)
    # Twice: the first puts in what all have in common, the second lists.
    os.write(parent, (line + "\t").encode())
    text = read(lambda _: False, 1.0)
    os.write(parent, b"\t")
    text += read(lambda _: False, 0.7)
    os.write(parent, b"\x03")
    process.kill()
    process.wait()
    os.close(parent)
    return re.split(r"\s+", text.replace("READY>", " "))


def manual(skiff, folder):
    pages = folder / "man"
    pages.mkdir()
    subprocess.run([skiff, "generate-documentation", "--quiet", "--man", str(pages)], check=True)
    names = sorted(p.name for p in pages.iterdir())
    check("a page for each verb", {"skiff.1", "skiff-inspect.1", "skiff-verify.1"} <= set(names), repr(names))
    for page in sorted(pages.iterdir()):
        source = page.read_text()
        check(f"{page.name} is ASCII", source.isascii())
        sections = [l[4:] for l in source.splitlines() if l.startswith(".SH ")]
        order = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "FILES", "SEE ALSO"]
        check(f"{page.name} has all sections", [s for s in sections if s in order] == order, repr(sections))
        if shutil.which("mandoc"):
            said = subprocess.run(["mandoc", "-Tlint", "-W", "warning", str(page)], capture_output=True, text=True)
            check(f"mandoc has nothing against {page.name}", not said.stdout + said.stderr, said.stdout + said.stderr)
        if shutil.which("groff"):
            said = subprocess.run(["groff", "-man", "-Tascii", "-ww", "-z", str(page)], capture_output=True, text=True)
            lines = [l for l in said.stderr.splitlines() if "special character" not in l and "can't find" not in l]
            check(f"groff has nothing against {page.name}", not lines, "\n".join(lines))


def main():
    skiff = str(Path(sys.argv[1]).resolve())
    colours(skiff)
    widths(skiff)
    pipes(skiff)
    with tempfile.TemporaryDirectory() as folder:
        completions(skiff, Path(folder))
        manual(skiff, Path(folder))
    print(f"{len(failed)} failed" if failed else "all pass")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
