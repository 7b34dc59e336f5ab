"""The GPU trainer of ilr-lab: six verbs that speak the step contract (docs/contract.md) on PyTorch, TRL, PEFT and vLLM."""

__version__ = "0.1.0"

CONTRACT = 1
"""Version of the contract that this package speaks."""
