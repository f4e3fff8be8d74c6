"""Writes reference.json: values of the transcendental functions, correctly rounded to f64 (needs mpmath 1.3)."""
import json
import math
import random

from mpmath import mp, cos, erf, erfc, exp, expm1, log, log1p, mpf, power, sin, sqrt, tanh

mp.prec = 1400  # sin and cos of numbers near 2**1023 need about 1100 bits
random.seed(20)


def span(low, high, n):
    return [low + (high - low) * random.random() for _ in range(n)]


def signed_powers(low, high, n):
    return [random.choice((-1, 1)) * 2 ** random.uniform(low, high) for _ in range(n)]


functions = {
    "exp": (exp, span(-745, 709.7, 60) + span(-1, 1, 40) + [-1e-300, 1e-17, 709.782712893384, -745.1332191019411]),
    "log": (log, [2 ** random.uniform(-1074, 1023.9) for _ in range(60)] + span(0.5, 2, 60) + [5e-324, 1 - 2**-53]),
    "sin": (sin, signed_powers(-30, 20, 60) + signed_powers(20, 1023.9, 60)
            + [6381956970095103 * 2.0**797, math.pi, 1e22, 355.0, 1647099.0, 1647100.0]),
    "cos": (cos, signed_powers(-30, 20, 60) + signed_powers(20, 1023.9, 60)
            + [6381956970095103 * 2.0**797, math.pi / 2, 1e22, 11.0, 1647099.0, 1647100.0]),
    "tanh": (tanh, signed_powers(-60, 5, 80) + span(-2, 2, 60)),
    "erf": (erf, signed_powers(-60, 3, 60) + span(-2, 2, 60) + [0.46875, 4.0]),
    "sigmoid": (lambda x: 1 / (1 + exp(-x)), span(-740, 40, 60) + span(-3, 3, 60)),
    "silu": (lambda x: x / (1 + exp(-x)), span(-700, 40, 60) + span(-3, 3, 60)),
    "softplus": (lambda x: log1p(exp(x)) if x < 50 else x + log1p(exp(-x)), span(-700, 100, 60) + span(-3, 3, 60)),
    "gelu": (lambda x: x * erfc(-x / sqrt(2)) / 2, span(-37, 10, 60) + span(-3, 3, 60)),
    "elu": (lambda x: x if x > 0 else expm1(x), span(-45, 5, 60) + signed_powers(-60, 1, 60)),
}
powers = (
    [[random.uniform(0.9, 1.1), random.uniform(-5000, 5000)] for _ in range(50)]
    + [[random.uniform(0, 10), float(random.randint(-20, 20))] for _ in range(50)]
    + [[2 ** random.uniform(-1070, 1020), random.uniform(-0.9, 0.9)] for _ in range(50)]
    + [[0.999, float(t)] for t in range(1, 3000, 57)]
    + [[1 + 2.0**-52, 2.0**58], [1 - 2.0**-53, 2.0**62], [5e-324, 0.5], [0.5, 1074.0], [10.0, -320.0]]
)

values = {name: [[x, float(f(mpf(x)))] for x in points] for name, (f, points) in functions.items()}
values["pow"] = [[x, y, float(power(mpf(x), mpf(y)))] for x, y in powers]
with open(__file__.replace(".py", ".json"), "w") as file:
    rows = ",\n".join(f'"{name}": {json.dumps(points)}' for name, points in values.items())
    file.write("{\n" + rows + "\n}\n")
