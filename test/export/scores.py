"""The scores of scikit-learn's networks on the same splits: python3 scores.py [table …]; needs scikit-learn and numpy."""
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
tables = {
    "penguins": (samples / "penguins.csv", "species", []),
    "digits": (here / "../data-sets/digits.csv.gz", "digit", []),
    "olympians": (samples / "olympians.csv", "sex", ["id", "name", "info", "date_of_birth"]),
    "diamonds": (samples / "diamonds.csv", "price", []),
}
HIDDEN = (64, 32)
# as shardgrad's defaults have them
EPOCHS = {"penguins": 100, "digits": 48, "olympians": 20, "diamonds": 20}


def is_number(text):
    try:
        float(text)
        return True
    except ValueError:
        return False


for name in sys.argv[1:] or tables:
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
    if name == "diamonds":
        y = y.astype(float)
    scores = []
    for seed in range(5):
        test = np.array(json.loads((here / f"../splits/{name}-{seed}.json").read_text())["test"])
        train = np.setdiff1d(np.arange(len(rows)), test)
        encoder = make_column_transformer(
            (make_pipeline(SimpleImputer(), StandardScaler()), places),
            (OneHotEncoder(handle_unknown="ignore"), others),
        )
        if name == "diamonds":
            mean, sd = y[train].mean(), y[train].std()
            model = make_pipeline(encoder, MLPRegressor(HIDDEN, batch_size=64, max_iter=EPOCHS[name], random_state=seed))
            model.fit(x[train], (y[train] - mean) / sd)
            guess = model.predict(x[test]) * sd + mean
            scores.append({
                "r2": metrics.r2_score(y[test], guess),
                "rmse": metrics.mean_squared_error(y[test], guess) ** 0.5,
                "mae": metrics.mean_absolute_error(y[test], guess),
            })
        else:
            model = make_pipeline(encoder, MLPClassifier(HIDDEN, batch_size=64, max_iter=EPOCHS[name], random_state=seed))
            model.fit(x[train], y[train])
            guess, p = model.predict(x[test]), model.predict_proba(x[test])
            own = np.array([y[test] == c for c in model.classes_]).T
            scores.append({
                "accuracy": metrics.accuracy_score(y[test], guess),
                "f1": metrics.f1_score(y[test], guess, average="macro"),
                "rocAuc": metrics.roc_auc_score(own, p),
            })
    cells = [
        f"{key} {np.mean(values):.{4 if np.mean(values) < 10 else 1}f} ± {np.std(values, ddof=1):.{4 if np.mean(values) < 10 else 1}f}"
        for key in scores[0]
        for values in [[score[key] for score in scores]]
    ]
    print(f"| {name} | {', '.join(cells)} |", flush=True)
