"""The AN0994 rules: parameters, the embedded one-pass engine, detections and near misses."""

from witnessmark.analytic.engine import Engine, detect
from witnessmark.analytic.misses import Miss
from witnessmark.analytic.parameters import Analytic, Parameters, load

__all__ = ["Analytic", "Engine", "Miss", "Parameters", "detect", "load"]
