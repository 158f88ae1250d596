"""`duollama bandwidth`: each line is a plausible measurement."""

from support.engine import Engine


def test_memory_is_measured_from_the_cache_to_eight_mebibytes(engine: Engine) -> None:
    result = engine.run("bandwidth")
    assert (result.returncode, result.stderr) == (0, b"")
    rows = [line.split() for line in result.stdout.decode().splitlines()]
    assert [(name, int(size)) for name, size, _ in rows] == [
        *(("read", 2**power) for power in range(14, 24)),
        ("copy", 2**23),
        ("fill", 2**23),
    ]
    assert all(10 < float(rate) < 1e7 for *_, rate in rows)


def test_it_takes_nothing(engine: Engine) -> None:
    for arguments in (("x",), ("-t", "1"), ("--mode", "fast")):
        result = engine.run("bandwidth", *arguments)
        assert (result.returncode, result.stdout, result.stderr.count(b"\n")) == (2, b"", 1)
