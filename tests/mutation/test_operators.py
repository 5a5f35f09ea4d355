"""What is made of a function: each mutant once, compiled, and the file as it was."""

from pathlib import Path

from tests.mutation.operators import mutants

SOURCE = '''\
def half(paid: int, most: int = 3) -> int:
    """Half of it."""
    if paid > 0 and most:
        return min(paid // 2, most)
    return 0
'''


def test_the_mutants_of_a_small_function(tmp_path: Path) -> None:
    file = tmp_path / "half.py"
    file.write_text(SOURCE)
    made = list(mutants(file, tmp_path))
    told = {(mutant.line, mutant.was, mutant.now) for mutant in made}
    assert len(told) == len(made)
    assert ("return min(paid // 2, most)", "min(paid // 2, most)", "min(paid * 2, most)") in told
    assert ("return min(paid // 2, most)", "paid // 2", "paid // 3") in told
    assert ("return 0", "0", "1") in told
    assert ("if paid > 0 and most:", "paid > 0 and most", "paid >= 0 and most") in told
    assert {mutant.function for mutant in made} == {"half"}
    assert file.read_text() == SOURCE


def test_a_mutant_does_what_it_says(tmp_path: Path) -> None:
    file = tmp_path / "half.py"
    file.write_text(SOURCE)
    space: dict[str, object] = {}
    exec(compile(SOURCE, str(file), "exec"), space)  # noqa: S102  # the source above
    half = space["half"]
    assert callable(half)
    (wider,) = (each for each in mutants(file, tmp_path) if each.now == "max(paid // 2, most)")
    assert half(8) == 3
    half.__code__ = wider.code  # type: ignore[attr-defined]  # a function has its code
    assert half(8) == 4
