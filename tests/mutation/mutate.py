"""The changes: a comparison turned, a bound moved by one, a condition negated, an answer or a call left out."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """The whole module with one change; `what` says which, `line` where."""

    line: int
    what: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    tree = ast.parse(source)
    places = [node for node in ast.walk(tree) if _matters(node)]
    skipped = _skipped(tree)
    for index, node in enumerate(places):
        if id(node) in skipped:
            continue
        for way in range(_ways(node)):
            changed = copy.deepcopy(tree)
            twin = [each for each in ast.walk(changed) if _matters(each)][index]
            before = ast.unparse(twin)
            _change(twin, way)
            ast.fix_missing_locations(changed)
            what = f"{before[:60]} → {ast.unparse(twin)[:60]}"
            yield Mutant(line=getattr(node, "lineno", 0), what=what, source=ast.unparse(changed))


def _matters(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, bool | int | float)
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call)
    if isinstance(node, ast.Compare):
        return type(node.ops[0]) in _COMPARE
    if isinstance(node, ast.BinOp):
        return type(node.op) in _ARITHMETIC
    return isinstance(node, ast.BoolOp | ast.If | ast.IfExp | ast.Return) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    )


def _skipped(tree: ast.AST) -> set[int]:
    """Annotations and decorators do nothing at run time that a test should notice."""
    found: set[int] = set()
    for node in ast.walk(tree):
        for part in (
            getattr(node, "annotation", None),
            getattr(node, "returns", None),
            *getattr(node, "decorator_list", ()),
        ):
            if isinstance(part, ast.AST):
                found |= {id(each) for each in ast.walk(part)}
        if isinstance(node, ast.Assert):  # they tell the type checker what holds
            found |= {id(each) for each in ast.walk(node)}
    return found


def _ways(node: ast.AST) -> int:
    if isinstance(node, ast.Return):
        return (
            0
            if node.value is None or (isinstance(node.value, ast.Constant) and node.value.value is None)
            else 1
        )
    return 1


def _change(node: ast.AST, _way: int) -> None:
    match node:
        case ast.Compare():
            node.ops[0] = _COMPARE[type(node.ops[0])]()
        case ast.BoolOp():
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        case ast.BinOp():
            node.op = _ARITHMETIC[type(node.op)]()
        case ast.UnaryOp():
            node.operand, node.op = ast.UnaryOp(op=ast.Not(), operand=node.operand), ast.Not()
        case ast.If() | ast.IfExp():
            node.test = ast.UnaryOp(op=ast.Not(), operand=node.test)
        case ast.Return():
            node.value = ast.Constant(value=None)
        case ast.Expr():
            node.value = ast.Constant(value=None)
        case ast.Constant():
            node.value = not node.value if isinstance(node.value, bool) else node.value + 1  # type: ignore[operator]
