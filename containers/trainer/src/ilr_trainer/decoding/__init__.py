"""Answers from a model: greedy, beams, draws; by transformers or by vLLM."""
