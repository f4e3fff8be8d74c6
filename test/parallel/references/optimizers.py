"""Writes optimizers.json: weights after each of some steps of PyTorch's optimizers in f64, and its learning rates.

Run: python3 optimizers.py > optimizers.json (made with PyTorch 1.13.0)
"""

import json

import torch

torch.set_default_dtype(torch.float64)
N, STEPS = 7, 12


def stream(seed):
    """The numbers in [0, 1) that the tests draw from a seed."""
    while True:
        seed = (seed * 1664525 + 1013904223) % 2**32
        yield (seed >> 8) / 2**24


draw = stream(1)
start = [2 * next(draw) - 1 for _ in range(N)]
gradients = [[(2 * next(draw) - 1) * 10.0 ** (i % 5 - 3) for i in range(N)] for _ in range(STEPS)]


def run(make):
    w = torch.tensor(start, requires_grad=True)
    optimizer = make([w])
    weights = []
    for g in gradients:
        w.grad = torch.tensor(g)
        optimizer.step()
        weights.append(w.tolist())
    return weights


def rates(make, steps=30):
    w = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.2)
    schedule = make(optimizer)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


sgd, adam, adamw = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW
lr = torch.optim.lr_scheduler
print(
    json.dumps(
        {
            "start": start,
            "gradients": gradients,
            "optimizers": [
                {"spec": {"name": "sgd", "lr": 0.1}, "weights": run(lambda p: sgd(p, 0.1))},
                {
                    "spec": {"name": "sgd", "lr": 0.1, "weightDecay": 0.05},
                    "weights": run(lambda p: sgd(p, 0.1, weight_decay=0.05)),
                },
                {
                    "spec": {"name": "sgd", "lr": 0.05, "momentum": 0.9},
                    "weights": run(lambda p: sgd(p, 0.05, momentum=0.9)),
                },
                {
                    "spec": {"name": "sgd", "lr": 0.05, "momentum": 0.9, "nesterov": True, "weightDecay": 0.01},
                    "weights": run(lambda p: sgd(p, 0.05, momentum=0.9, nesterov=True, weight_decay=0.01)),
                },
                {"spec": {"name": "adam", "lr": 0.01}, "weights": run(lambda p: adam(p, 0.01))},
                {
                    "spec": {"name": "adam", "lr": 0.02, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-6, "weightDecay": 0.1},
                    "weights": run(lambda p: adam(p, 0.02, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1)),
                },
                {"spec": {"name": "adamw", "lr": 0.01}, "weights": run(lambda p: adamw(p, 0.01))},
                {
                    "spec": {"name": "adamw", "lr": 0.02, "weightDecay": 0.3},
                    "weights": run(lambda p: adamw(p, 0.02, weight_decay=0.3)),
                },
            ],
            "schedules": [
                {
                    "spec": {"name": "step", "lr": 0.2, "every": 7, "factor": 0.3},
                    "rates": rates(lambda o: lr.StepLR(o, 7, 0.3)),
                },
                {
                    "spec": {"name": "exponential", "lr": 0.2, "rate": 0.97},
                    "rates": rates(lambda o: lr.ExponentialLR(o, 0.97)),
                },
                {
                    "spec": {"name": "cosine", "lr": 0.2, "steps": 30, "floor": 0.01},
                    "rates": rates(lambda o: lr.CosineAnnealingLR(o, 30, 0.01)),
                },
            ],
        },
        indent=1,
    )
)
