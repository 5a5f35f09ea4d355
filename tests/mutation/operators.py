"""Mutants: one small change to the syntax tree of a module, one at a time."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Mutant:
    """``was`` becomes ``now`` in ``function`` (its qualified name), on a line that reads ``line``.

    ``code`` is what the function is compiled to then, ``place`` the file and first line by which it is found.
    """

    file: str
    function: str
    line: str
    was: str
    now: str
    number: int
    place: tuple[str, int]
    code: CodeType

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What stays the same while lines move."""
        return self.file, self.function, self.line, self.was, self.now

    def __str__(self) -> str:
        return f"{self.file}:{self.number} {self.function}: {self.was!r} -> {self.now!r}   | {self.line}"


def mutants(file: Path, root: Path) -> Iterator[Mutant]:
    """Every mutant of the functions of a file."""
    text = file.read_text(encoding="utf-8")
    tree, lines, name = ast.parse(text), text.splitlines(), file.relative_to(root).as_posix()
    for qualified, function in _functions(tree):
        first = min((each.lineno for each in function.decorator_list), default=function.lineno)
        for change in _changes(function):
            with change:
                compiled = _compiled(tree, str(file), qualified, first)
            if compiled is not None:
                yield Mutant(
                    name,
                    qualified,
                    lines[change.number - 1].strip(),
                    change.was,
                    change.now,
                    change.number,
                    (str(file), first),
                    compiled,
                )


def _functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    for node in tree.body:
        if isinstance(node, Function):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{each.name}", each) for each in node.body if isinstance(each, Function))


def _compiled(tree: ast.Module, file: str, qualified: str, first: int) -> CodeType | None:
    try:
        module = compile(tree, file, "exec")
    except (SyntaxError, ValueError):
        return None
    return next(
        (each for each in _codes(module) if (each.co_qualname, each.co_firstlineno) == (qualified, first)), None
    )


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


class Change:
    """A node's place in the tree, and what stands there while the change is in force."""

    def __init__(self, parent: ast.AST, field: str, index: int | None, now: ast.AST | None) -> None:
        self._parent, self._field, self._index, self._now = parent, field, index, now
        self._before = self._at()
        self.number = self._before.lineno
        if now is not None:
            ast.fix_missing_locations(ast.copy_location(now, self._before))
        told = parent if isinstance(parent, ast.expr | ast.keyword) else None
        self.was = ast.unparse(told or self._before)
        with self:
            self.now = ast.unparse(told) if told else ast.unparse(now) if now else ""

    def _at(self) -> ast.expr | ast.stmt:
        held = getattr(self._parent, self._field)
        found: ast.expr | ast.stmt = held if self._index is None else held[self._index]
        return found

    def __enter__(self) -> None:
        if self._index is None:
            setattr(self._parent, self._field, self._now)
        elif self._now is None:
            self._rest = getattr(self._parent, self._field)
            setattr(self._parent, self._field, [each for each in self._rest if each is not self._before])
        else:
            getattr(self._parent, self._field)[self._index] = self._now

    def __exit__(self, *_: object) -> None:
        if self._index is None:
            setattr(self._parent, self._field, self._before)
        elif self._now is None:
            setattr(self._parent, self._field, self._rest)
        else:
            getattr(self._parent, self._field)[self._index] = self._before


_UNMUTATED = {"annotation", "returns", "decorator_list", "args", "exc", "msg"}
"""Types, defaults (they are bound before), what errors say."""


def _changes(function: Function) -> Iterator[Change]:
    for statement_number, statement in enumerate(function.body):
        if not _is_text(statement):
            yield from _below(function, "body", statement_number, statement)


def _below(parent: ast.AST, field: str, index: int | None, node: ast.AST) -> Iterator[Change]:
    for now in _alternatives(node):
        yield Change(parent, field, index, now)
    for name, value in ast.iter_fields(node):
        if name in _UNMUTATED and not (name == "args" and isinstance(node, ast.Call)):
            continue
        for number, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.keyword):
                yield from _keyword(child)
            elif isinstance(child, ast.comprehension):
                yield from _comprehension(child)
            elif isinstance(child, ast.AST) and not isinstance(child, ast.Raise):
                yield from _below(node, name, number, child)


def _keyword(keyword: ast.keyword) -> Iterator[Change]:
    value = keyword.value
    if keyword.arg in _UNPAID:
        return
    if isinstance(value, ast.Constant) and value.value in _WORDS:
        yield Change(keyword, "value", None, ast.Constant(_WORDS[value.value]))
    yield from _below(keyword, "value", None, value)


def _comprehension(part: ast.comprehension) -> Iterator[Change]:
    yield from _below(part, "iter", None, part.iter)
    for number, test in enumerate(part.ifs):
        yield Change(part, "ifs", number, ast.Constant(value=True))
        yield from _below(part, "ifs", number, test)


def _is_text(statement: ast.AST) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _alternatives(node: ast.AST) -> Iterator[ast.AST]:
    yield from _arithmetic(node)
    yield from _logic(node)
    yield from _statements(node)
    if isinstance(node, ast.Call):
        yield from _calls(node)


def _arithmetic(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.BinOp(left, operator, right):
            yield from (ast.BinOp(left, other(), right) for other in _OPERATORS.get(type(operator), ()))
        case ast.AugAssign(target, operator, value):
            yield from (ast.AugAssign(target, other(), value) for other in _OPERATORS.get(type(operator), ()))
        case ast.UnaryOp(_, operand):
            yield operand
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() as value):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case _:
            pass


def _logic(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(left, [operator], right):
            yield from (ast.Compare(left, [other()], right) for other in _COMPARISONS.get(type(operator), ()))
        case ast.BoolOp(operator, values):
            yield ast.BoolOp(ast.And() if isinstance(operator, ast.Or) else ast.Or(), values)
            yield from values
        case ast.If() | ast.IfExp() if not isinstance(node.test, ast.Compare | ast.UnaryOp):
            negated = copy.copy(node)
            negated.test = ast.UnaryOp(ast.Not(), node.test)
            yield negated
        case _:
            pass


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Return(ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield ast.Return(None)
        case ast.Expr(ast.Call() | ast.Yield() | ast.YieldFrom()):
            yield ast.Pass()
        case ast.Continue():
            yield ast.Break()
        case ast.Break():
            yield ast.Continue()
        case _:
            pass


def _calls(call: ast.Call) -> Iterator[ast.AST]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in _NAMES:
        yield _with(call, func=_renamed(call.func, _NAMES[name]))
    if isinstance(call.func, ast.Attribute) and name in _DROPPED:
        yield call.func.value
    conditions = [each for each in call.args if not isinstance(each, ast.Compare | ast.UnaryOp)]
    if name in ("when", "filter") and len(conditions) == len(call.args) == 1 and not call.keywords:
        yield _with(call, args=[ast.UnaryOp(ast.Invert(), conditions[0])])
    if name in _SHORTENED and len(call.args) > 1:
        yield from (_with(call, args=[each for each in call.args if each is not left]) for left in call.args)
    for keyword in call.keywords:
        if keyword.arg in _LEFT_OUT:
            yield _with(call, keywords=[each for each in call.keywords if each is not keyword])


def _with(call: ast.Call, **changed: object) -> ast.Call:
    made = copy.copy(call)
    for name, value in changed.items():
        setattr(made, name, value)
    return made


def _renamed(function: ast.expr, name: str) -> ast.expr:
    if isinstance(function, ast.Attribute):
        return ast.Attribute(function.value, name, ast.Load())
    return ast.Name(name, ast.Load())


_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.Div),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}
_PAIRS = (
    ("min", "max"),
    ("floor", "ceil"),
    ("first", "last"),
    ("any", "all"),
    ("head", "tail"),
    ("is_null", "is_not_null"),
    ("min_horizontal", "max_horizontal"),
    ("any_horizontal", "all_horizontal"),
    ("bisect_right", "bisect_left"),
    ("rounded", "int"),
)
_NAMES = {name: other for pair in _PAIRS for name, other in (pair, pair[::-1]) if name != "int"} | {
    "sorted": "list",
    "reversed": "list",
    "cum_sum": "sum",
}
_DROPPED = {
    *("filter", "sort", "unique", "abs", "over", "fill_null", "clip", "drop_nulls", "shift", "not_", "drop_nans"),
    *("forward_fill", "backward_fill", "unique_counts", "reverse", "is_first_distinct"),
}
_SHORTENED = {
    "sort",
    "over",
    "group_by",
    "coalesce",
    "min_horizontal",
    "max_horizontal",
    "min",
    "max",
    "unique",
    "filter",
}
_LEFT_OUT = {"order_by", "descending", "nulls_last", "key", "reverse", "default", "keep", "closed"}
_UNPAID = {"strict", "maintain_order", "return_dtype", "orient", "schema", "dtype", "named", "check_sortedness"}
"""What is said to be sure, to have the same order every time, or of types; it changes no amount."""
_WORDS = {"left": "inner", "inner": "left", "anti": "semi", "semi": "anti", "first": "last", "last": "first"} | {
    "backward": "forward",
    "forward": "backward",
}
