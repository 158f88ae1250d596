"""Engines of the benchmark: built, converted, or omitted with a line that says why."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from engine_runners import EngineRunner, Llama2c, LlamaBench, LlamaCpp
from process import ProcessFailed, run

ENGINE_MODES = ("reference", "exact", "fast")
BUILDS = {
    "run.c -O3": ("run.c", "-O3"),
    "run.c -Ofast -march=native": ("run.c", "-Ofast -march=native"),
    "runq.c -Ofast -march=native": ("runq.c", "-Ofast -march=native"),
}
QUANTISATIONS = ("F32", "Q8_0", "Q4_0")


def missing(*packages: str) -> str:
    """Names of the `packages` that are not installed, as the end of a sentence; empty if none is
    missing."""
    absent = [package for package in packages if find_spec(package) is None]
    if not absent:
        return ""
    return f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} not installed"


def ours(program: Path, model: Path, tokenizer: Path, packed: list[Path]) -> Iterator[Llama2c]:
    """Yield each mode of the model, and of each packed file; `reference` is always the first."""
    names = set()
    for file in [model, *packed]:
        for mode in ENGINE_MODES if file == model else ENGINE_MODES[1:]:
            command: list[str | Path] = [program, file, "-z", tokenizer, "--mode", mode]
            name = f"duollama {mode}" + (f" {file.suffix}" if file != model else "")
            name = f"duollama {mode} {file.name}" if name in names else name
            if refusal := refused([*command, "-n", "1"]):
                print(f"{name} is left out: {refusal}")
            else:
                names.add(name)
                yield Llama2c(name, command, ours=True)


def refused(command: list[str | Path]) -> str:
    """Reason for which the program refuses its command line; empty if it accepts it."""
    try:
        run(command)
    except ProcessFailed as failed:
        return str(failed)
    return ""


def llama2c(sources: Path | None, model: Path, tokenizer: Path, folder: Path) -> Iterator[Llama2c]:
    """Build run.c and runq.c into `folder`."""
    if sources is None:
        print("run.c and runq.c are left out: give --llama2c, a checkout of karpathy/llama2.c")
        return
    for name, (source, flags) in BUILDS.items():
        read = model
        if source == "runq.c":
            if why := missing("numpy"):
                print(f"runq.c is left out: {why}")
                continue
            read = _version_2(model, folder)
        program = folder / name.replace(" ", "")
        subprocess.run(["cc", *flags.split(), "-o", program, sources / source, "-lm"], check=True)
        yield Llama2c(name, [program, read, "-z", tokenizer])


def llama_cpp(
    bench: Path | None, model: Path, tokenizer: Path, context: int, folder: Path
) -> Iterator[EngineRunner]:
    """Yield llama.cpp of xllamacpp, and of `bench`, a llama-bench."""
    if why := missing("gguf", "numpy"):
        print(f"llama.cpp is left out: {why}")
        return
    files = dict(_ggufs(model, tokenizer, folder))
    if why := missing("xllamacpp"):
        print(f"llama.cpp in Python is left out: {why}")
    else:
        print(_version())
        for quantisation, file in files.items():
            yield LlamaCpp(f"llama.cpp {quantisation}", file, context)
    if bench is not None:
        for quantisation, file in files.items():
            yield LlamaBench(f"llama-bench {quantisation}", bench, file)


def _version() -> str:
    """Version of llama.cpp, and the instructions that it was built for."""
    code = "import xllamacpp as x; print('xllamacpp', x.__version__, x.get_system_info())"
    return run([sys.executable, "-c", code]).stdout.decode().strip(" |\n")


def _version_2(model: Path, folder: Path) -> Path:
    from checkpoint import read_checkpoint
    from q80 import quantise

    target = folder / "model.q80.bin"
    target.write_bytes(quantise(read_checkpoint(model)))
    return target


def _ggufs(model: Path, tokenizer: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    from checkpoint import read_checkpoint
    from gguf import GGMLQuantizationType
    from gguf_export import export, fits

    checkpoint = read_checkpoint(model)
    for name in QUANTISATIONS:
        kind = GGMLQuantizationType[name]
        if not fits(checkpoint.shape, kind):
            print(f"llama.cpp {name} is left out: a row is no multiple of its block")
            continue
        target = folder / f"model.{name}.gguf"
        export(checkpoint, tokenizer.read_bytes(), target, kind)
        yield name, target
