"""ort_inputs.py TOOLS: for each model here, inputs and the answers of data/si_tools.py as JSON."""

import glob
import json
import sys

import numpy as np

sys.path.insert(0, sys.argv[1])
import si_tools

x = si_tools.read_data("points.h5")
cases = []
for file in sorted(glob.glob("*.json")):
    if file.startswith("package"):
        continue
    model = si_tools.read_model(file)
    t = np.linspace(0.05, 0.95, len(x))
    labels = model.document["field"].get("labels", 0)
    numbers = model.document["field"].get("condition", [])
    given = {"label": np.arange(len(x)) % (labels + 1)} if labels else {}
    if numbers:
        given["condition"] = np.linspace(-1, 1, len(x) * numbers[0]).reshape(len(x), -1)
    answers = model(x, t, **given)
    cases.append({
        "file": file[:-5] + ".onnx", "n": len(x), "dim": model.dim,
        "x": x.reshape(-1).tolist(), "t": t.tolist(),
        "label": given["label"].tolist() if labels else None,
        "condition": given["condition"].reshape(-1).tolist() if numbers else None,
        "answers": {key: value.reshape(-1).tolist() for key, value in answers.items()},
    })
with open("cases.txt", "w") as stream:
    json.dump(cases, stream)
