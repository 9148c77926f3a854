"""check.py TOOLS: reads what run.sh made with NumPy, h5py and code that knows nothing of si-tools
but data/si_tools.py (in the folder TOOLS), and compares all with each other."""

import glob
import json
import struct
import sys
import zipfile

import h5py
import numpy as np

sys.path.insert(0, sys.argv[1])
import si_tools
from onnx_reader import Onnx

done = 0


def close(a, b, what, tolerance=2e-5):
    """Relative to the size of b: float32 in other orders of summation."""
    global done
    a, b = np.asarray(a, float), np.asarray(b, float)
    assert a.shape == b.shape, (what, a.shape, b.shape)
    error = np.abs(a - b).max() / np.abs(b).max()
    assert error < tolerance, (what, error)
    done += 1


def safetensors(file):
    with open(file, "rb") as stream:
        (size,) = struct.unpack("<Q", stream.read(8))
        assert size % 8 == 0
        header, data = json.loads(stream.read(size)), stream.read()
    about = header.pop("__metadata__")
    assert all(isinstance(v, str) for v in about.values())
    end = 0
    for name, entry in header.items():
        begin, stop = entry["data_offsets"]
        assert begin == end and entry["dtype"] == "F32"
        end = stop
        yield name, np.frombuffer(data[begin:stop], "<f4").reshape(entry["shape"])
    assert end == len(data)
    assert json.loads(about["model"])["format"] == "si-model"


for file in sorted(glob.glob("*.json")):
    name = file[:-5]
    model = si_tools.read_model(file)
    others = dict(safetensors(name + ".safetensors"))
    with zipfile.ZipFile(name + ".npz") as archive:
        assert archive.testzip() is None
    arrays = np.load(name + ".npz")
    assert json.loads(bytes(arrays["model_json"])) == model.document
    assert sorted(arrays.files) == sorted(["model_json", *model.tensors])
    assert sorted(others) == sorted(model.tensors)
    for key, tensor in model.tensors.items():
        assert np.array_equal(others[key], tensor) and np.array_equal(arrays[key], tensor)
        done += 2

    x = si_tools.read_data("points.h5")
    with open(name + ".onnx", "rb") as stream:
        graph = Onnx(stream.read())
    assert json.loads(graph.texts["si_model"])["dim"] == model.dim
    assert [o[0] for o in graph.outputs] == model.learned
    labels = model.document["field"].get("labels", 0)
    numbers = model.document["field"].get("condition", [])
    given = {}
    if labels:
        given["label"] = np.arange(len(x)) % (labels + 1)
    if numbers:
        given["condition"] = np.linspace(-1, 1, len(x) * numbers[0]).reshape(len(x), -1)
    for k, t in enumerate([0.2, 0.7]):
        ours = model(x, t, **given)
        theirs = graph.run(x=x, t=np.full((len(x), 1), t), **given)
        for key in model.learned:
            # The graph has phases of sines in float32.
            close(theirs[key], ours[key], (name, "onnx", key), 1e-4)
            if not given:
                field = si_tools.read_data(name + "-field.h5", key)[k]
                close(ours[key], field.reshape(ours[key].shape), (name, key))
    if given:  # si-info field takes no conditions: the probe of the model does
        probe = model.document["probe"]
        at, b = si_tools.read_tensor(probe["x"]), si_tools.read_tensor(probe["b"])
        if labels:  # numbers of a probe are random, and its own affair
            y = at @ model.factor.T + model.shift
            found = model(y, probe["t"], label=np.arange(len(at)) % (labels + 1))["b"]
            close(np.linalg.solve(model.factor, found.T).T, b, (name, "probe"))

model, start = si_tools.read_model("numbers.json"), si_tools.read_data("points.h5")
at = model.shift + start @ model.factor.T
given = si_tools.read_data("classes.h5", "condition")[:20]
step = si_tools.read_data("numbers-step.h5") - at
close(model(at, 0, condition=given)["b"], step, "one step")

# A changed byte is seen.
document = json.load(open("plain.json"))
tensor = document["tensors"]["b.output.bias"]
tensor["data"] = ("B" if tensor["data"][0] == "A" else "A") + tensor["data"][1:]
try:
    si_tools.Model(document)
    raise SystemExit("a damaged tensor went unseen")
except ValueError as error:
    assert "/tensors/b.output.bias: crc32c" in str(error)

# Every kind of output.
for file in sorted(glob.glob("*.h5")):
    with h5py.File(file, "r") as stream:
        assert stream.attrs["format"] in ("si-dataset", b"si-dataset"), file
        names = []
        stream.visititems(lambda n, v: names.append(n) if isinstance(v, h5py.Dataset) else None)
        assert names, file
        for one in names:
            values = stream[one][()]
            assert values.size > 0 and np.isfinite(values).all(), (file, one)
            done += 1
print("%d comparisons" % done)
