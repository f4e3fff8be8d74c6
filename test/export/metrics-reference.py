"""Writes metrics.json: random predictions, and scikit-learn's scores of them. python3 metrics-reference.py > metrics.json"""
import json

import numpy as np
import sklearn
from sklearn import metrics as m

random = np.random.default_rng(0)
cases = []
for rows, classes in [(60, 2), (200, 3), (150, 5)]:
    labels = np.concatenate([np.arange(classes), random.integers(0, classes, rows - classes)])
    # few digits: many probabilities are equal, so that ties count
    logits = np.round(random.normal(size=(rows, classes)) + 1.5 * np.eye(classes)[labels], 1)
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    p = np.round(p, 2) + 1e-3
    p = p / p.sum(1, keepdims=True)
    guess = p.argmax(1)
    own = np.eye(classes)[labels]
    precision, recall, f1, support = m.precision_recall_fscore_support(labels, guess, zero_division=0)
    aucs = [m.roc_auc_score(own[:, c], p[:, c]) for c in range(classes)]
    areas = [m.average_precision_score(own[:, c], p[:, c]) for c in range(classes)]
    cases.append({
        "labels": labels.tolist(),
        "probabilities": p.ravel().tolist(),
        "report": {
            "accuracy": m.accuracy_score(labels, guess),
            "balancedAccuracy": m.balanced_accuracy_score(labels, guess),
            "precision": m.precision_score(labels, guess, average="macro", zero_division=0),
            "recall": m.recall_score(labels, guess, average="macro", zero_division=0),
            "f1": m.f1_score(labels, guess, average="macro", zero_division=0),
            "microF1": m.f1_score(labels, guess, average="micro", zero_division=0),
            "rocAuc": float(np.mean(aucs)),
            "averagePrecision": float(np.mean(areas)),
            "logLoss": m.log_loss(labels, p),
        },
        "classes": [
            {"support": int(support[c]), "precision": precision[c], "recall": recall[c], "f1": f1[c],
             "rocAuc": aucs[c], "averagePrecision": areas[c]}
            for c in range(classes)
        ],
        "confusion": m.confusion_matrix(labels, guess).ravel().tolist(),
    })
targets = np.round(random.normal(100, 30, 80), 2)
guesses = np.round(targets + random.normal(0, 10, 80), 2)

has = (random.uniform(size=(120, 4)) < [0.5, 0.1, 0.8, 0.0]).astype(int)  # nobody has the last one
q = np.round(1 / (1 + np.exp(-random.normal(size=has.shape) - 2 * (has - 0.5))), 2).clip(0.01, 0.99)
said = (q >= 0.5).astype(int)
present = has[:, :3]
precision, recall, f1, support = m.precision_recall_fscore_support(has, said, zero_division=0)
label_aucs = [m.roc_auc_score(has[:, c], q[:, c]) for c in range(3)]
label_areas = [m.average_precision_score(has[:, c], q[:, c]) for c in range(3)]
labels_case = {
    "labels": has.ravel().tolist(),
    "probabilities": q.ravel().tolist(),
    "report": {
        "exactMatch": m.accuracy_score(has, said),
        "precision": m.precision_score(present, said[:, :3], average="macro", zero_division=0),
        "recall": m.recall_score(present, said[:, :3], average="macro", zero_division=0),
        "f1": m.f1_score(present, said[:, :3], average="macro", zero_division=0),
        "microF1": m.f1_score(has, said, average="micro", zero_division=0),
        "rocAuc": float(np.mean(label_aucs)),
        "averagePrecision": float(np.mean(label_areas)),
        "logLoss": m.log_loss(has.ravel(), np.stack([1 - q.ravel(), q.ravel()], 1)),
    },
    "names": [
        {"support": int(support[c]), "precision": precision[c], "recall": recall[c], "f1": f1[c],
         "rocAuc": label_aucs[c] if c < 3 else None, "averagePrecision": label_areas[c] if c < 3 else None}
        for c in range(4)
    ],
}
print(json.dumps({
    "scikitLearn": sklearn.__version__,
    "classes": cases,
    "labels": labels_case,
    "numbers": {
        "targets": targets.tolist(),
        "predictions": guesses.tolist(),
        "report": {
            "rmse": m.mean_squared_error(targets, guesses) ** 0.5,
            "mae": m.mean_absolute_error(targets, guesses),
            "r2": m.r2_score(targets, guesses),
            "mape": m.mean_absolute_percentage_error(targets, guesses),
        },
    },
}))
