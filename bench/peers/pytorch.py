"""PyTorch: one step of a Sequential of Linear and ReLU with plain SGD; the setting is the number of threads."""

import json
import os
import sys
import time

import numpy
import torch

task = json.loads(sys.argv[1])
job = task["job"]
layers, batch, rows = job["layers"], job["batch"], job["rows"]
torch.set_num_threads(int(task["setting"].split()[0]))
torch.manual_seed(0)


def read(name, dtype):
    return torch.from_numpy(numpy.fromfile(os.path.join(task["folder"], f"{job['name']}.{name}"), dtype=dtype))


x = read("f32", numpy.float32).reshape(rows, layers[0])
labels = read("i32", numpy.int32).long()
modules = []
for i in range(len(layers) - 1):
    modules.append(torch.nn.Linear(layers[i], layers[i + 1]))
    if i < len(layers) - 2:
        modules.append(torch.nn.ReLU())
net = torch.nn.Sequential(*modules)
loss = torch.nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
order, at = torch.randperm(rows), 0


def step():
    global order, at
    if at + batch > rows:
        order, at = torch.randperm(rows), 0
    indices = order[at : at + batch]
    at += batch
    optimizer.zero_grad(set_to_none=True)
    loss(net(x[indices]), labels[indices]).backward()
    optimizer.step()


for _ in range(3):
    step()
print("ready", flush=True)
for line in sys.stdin:
    seconds, start, steps = float(line), time.perf_counter(), 0
    while True:
        step()
        steps += 1
        passed = time.perf_counter() - start
        if passed >= seconds:
            break
    print(steps * batch / passed, flush=True)
