"""Losses that a researcher writes down: the formulas of kernel-lib/src/steps/formula.ts, computed with torch."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ilr_trainer.fields import invalid

if TYPE_CHECKING:
    from torch import Tensor

VARIABLES = ("margin", "beta")
FUNCTIONS = {
    **{"exp": 1, "log": 1, "sqrt": 1, "square": 1, "abs": 1, "tanh": 1},
    **{"sigmoid": 1, "log_sigmoid": 1, "softplus": 1, "max": 2, "min": 2},
}
OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True)
class Formula:
    """A loss per pair as arithmetic in `margin` (nats) and `beta`."""

    text: str
    tree: ast.expr

    def losses(self, margins: Tensor, beta: float) -> Tensor:
        """Losses [n] of margins [n]."""
        return _value(self.tree, {"margin": margins, "beta": margins.new_tensor(beta)})


def parse_formula(text: Any) -> Formula:
    """Reads a formula. Nothing of it is ever run as Python."""
    if not isinstance(text, str) or len(text) > 1000:
        raise invalid("params.loss.formula is no text of at most 1000 characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError) as error:
        raise invalid(f"params.loss.formula {text!r} cannot be read: {error}") from error
    _check(tree, text)
    if not any(isinstance(node, ast.Name) and node.id == "margin" for node in ast.walk(tree)):
        raise invalid(f"params.loss.formula {text!r} does not depend on margin")
    return Formula(text, tree)


def _check(node: ast.expr, text: str) -> None:
    match node:
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            return None
        case ast.Name(id=name) if name in VARIABLES:
            return None
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _check(operand, text)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            _check(left, text)
            return _check(right, text)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if len(args) == FUNCTIONS.get(name, -1):
            for argument in args:
                _check(argument, text)
            return None
    raise invalid(
        f"params.loss.formula {text!r} cannot hold {ast.unparse(node)!r};"
        f" expected numbers, {', '.join(VARIABLES)}, + - * /, and {', '.join(FUNCTIONS)}"
    )


def _value(node: ast.expr, variables: dict[str, Tensor]) -> Tensor:
    import torch

    functions: dict[str, Callable[..., Tensor]] = {
        **{"exp": torch.exp, "log": torch.log, "sqrt": torch.sqrt, "square": torch.square, "abs": torch.abs},
        **{"tanh": torch.tanh, "sigmoid": torch.sigmoid, "log_sigmoid": torch.nn.functional.logsigmoid},
        **{"softplus": torch.nn.functional.softplus, "max": torch.maximum, "min": torch.minimum},
    }
    match node:
        case ast.Constant(value=value):
            return variables["margin"].new_tensor(float(value))  # type: ignore[arg-type]
        case ast.Name(id=name):
            return variables[name]
        case ast.UnaryOp(operand=operand):
            return -_value(operand, variables)
        case ast.BinOp(left=left, op=op, right=right):
            result: Tensor = OPERATORS[type(op)](_value(left, variables), _value(right, variables))
            return result
        case ast.Call(func=ast.Name(id=name), args=args):
            return functions[name](*[_value(argument, variables) for argument in args])
    raise AssertionError("checked when it was read")
