"""Models and data of si-tools in Python, with NumPy alone (and h5py for data).

    import si_tools
    model = si_tools.read_model("model.json")
    model.tensors["b.layer.0.weight"]        # float32 arrays by name
    model(x, t)["b"]                         # learned fields at x (n, d) and t (n) or a number
    si_tools.read_data("samples.h5")         # (n, d), or (n, ...) for images

Fields are those that the model learned, in the coordinates of the data, for networks of the kind
mlp. They agree with `si-info field` to the rounding of float32. As a program it prints what is
in a file: `python3 si_tools.py FILE`.
"""

import base64
import json
import math
import sys

import numpy as np


def _crc32c_table():
    table = []
    for i in range(256):
        for _ in range(8):
            i = (i >> 1) ^ (0x82F63B78 if i & 1 else 0)
        table.append(i)
    return table


_TABLE = _crc32c_table()


def crc32c(data):
    """CRC-32C (Castagnoli) of bytes, as an integer."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def read_tensor(node, check=True):
    """The array of a tensor in a model: base64 with a checksum, decimal, or a bare list."""
    if isinstance(node, list):
        return np.array(node, np.float64)
    kind = {"F32": "<f4", "F64": "<f8"}[node["dtype"]]
    if node["encoding"] == "decimal":
        return np.array(node["data"], kind).reshape(node["shape"])
    data = base64.b64decode(node["data"], validate=True)
    if check and "%08x" % crc32c(data) != node["crc32c"]:
        raise ValueError("crc32c does not match the data")
    return np.frombuffer(data, kind).reshape(node["shape"])


def _gelu(x):
    return x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2


_ACTIVATIONS = {
    "silu": lambda x: x / (1 + np.exp(-x)),
    "gelu": _gelu,
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "none": lambda x: x,
}


class Model:
    """A model: `document` is its JSON without tensors, `tensors` are arrays by name."""

    def __init__(self, document, check=True):
        if document.get("format") != "si-model" or document["format_version"][0] != 1:
            raise ValueError("not a model of si-tools, format version 1")
        self.document = {k: v for k, v in document.items() if k != "tensors"}
        self.tensors = {}
        for name, node in document.get("tensors", {}).items():
            try:
                self.tensors[name] = read_tensor(node, check)
            except ValueError as error:
                raise ValueError("/tensors/%s: %s" % (name, error)) from None
        self.dim = document["dim"]
        transform = document.get("transform", {})
        self.shift = np.array(transform.get("shift", np.zeros(self.dim)), float)
        # x = shift + factor y for the model's coordinates y.
        self.factor = np.diag(np.array(transform.get("scale", np.ones(self.dim)), float))
        if "factor" in transform:
            self.factor = np.array(transform["factor"], float)

    @property
    def learned(self):
        """Names of the learned fields: b, v, s, eta, x0, x1, u."""
        return self.document["field"]["learn"].split(",") if self.tensors else []

    def __call__(self, x, t, label=None, condition=None):
        """The learned fields at points x (n, d) and times t, in the coordinates of the data.

        `label` (n), whole numbers, and `condition` (n, ...) are for models that have them; where
        the base is "given", the latter is x0, in the coordinates of the data.
        """
        x = np.atleast_2d(np.asarray(x, float)).reshape(-1, self.dim)
        t = np.broadcast_to(np.asarray(t, float).reshape(-1, 1), (len(x), 1))
        y = np.linalg.solve(self.factor, (x - self.shift).T).T
        if self.document.get("base", {}).get("kind") == "given":
            x0 = np.asarray(condition, float).reshape(-1, self.dim)
            condition = np.linalg.solve(self.factor, (x0 - self.shift).T).T
        return {name: self._to_data(name, self._mlp(name, y, t, label, condition))
                for name in self.learned}

    def _mlp(self, name, y, t, label, condition):
        field, net = self.document["field"], self.document["field"]["net"]
        if net["kind"] != "mlp":
            raise ValueError("only networks of the kind mlp are evaluated, not " + net["kind"])
        if field.get("masked"):
            raise ValueError("fields with a mask are not evaluated")
        act = _ACTIVATIONS[net["activation"]]

        def weight(layer, what="weight"):
            return self.tensors["%s.%s.%s" % (name, layer, what)].astype(float)

        def linear(h, layer):
            return h @ weight(layer).T + weight(layer, "bias")

        parts = [y, t]
        for k in range(1, net["time_features"] + 1):
            parts += [np.sin(math.pi * k * t), np.cos(math.pi * k * t)]
        if field.get("labels"):
            parts.append(weight("label")[np.asarray(label, int).reshape(-1)])
        if field.get("condition"):
            seen = np.asarray(condition, float).reshape(len(y), -1)
            if field.get("condition_shift"):
                each = seen.shape[1] // len(field["condition_shift"])
                seen = (seen - np.repeat(field["condition_shift"], each)) / np.repeat(
                    field["condition_scale"], each)
            parts.append(seen)
        if net["fourier"]:
            phase = y @ weight("fourier").T
            parts += [np.sin(phase), np.cos(phase)]
        h = act(linear(np.concatenate(parts, axis=1), "layer.0"))
        for k in range(1, net["depth"]):
            step = act(linear(h, "layer.%d" % k))
            h = h + step if net["residual"] else step
        return linear(h, "output")

    def _to_data(self, name, values):
        """Velocities turn with the factor, gradients against it, means move as points do."""
        if name in ("b", "v", "u"):
            return values @ self.factor.T
        if name == "s":
            return np.linalg.solve(self.factor.T, values.T).T
        if name == "x1" or (name == "x0" and not self._base_has_no_units()):
            return self.shift + values @ self.factor.T
        return values

    def _base_has_no_units(self):
        d = self.document
        normal = d.get("base", {"kind": "normal"})["kind"] == "normal"
        latent = d.get("interpolant", {}).get("gamma", {"kind": "none"})["kind"] != "none"
        own_factor = "factor" in d.get("transform", {})
        return normal and not latent and "coupling" not in d and not own_factor


def read_model(file, check=True):
    """The model in a JSON file. Raises ValueError for a damaged one; `check` compares checksums."""
    with open(file, encoding="utf-8") as stream:
        return Model(json.load(stream), check)


def read_data(file, dataset=None):
    """An array of a data set: the dataset named, else /x, /samples or /data, else the only one."""
    import h5py

    with h5py.File(file, "r") as stream:
        names = [n for n, v in stream.items() if isinstance(v, h5py.Dataset) and n != "trailer"]
        if dataset is None:
            usual = [n for n in ("x", "samples", "data") if n in names]
            if not usual and len(names) != 1:
                raise ValueError("%s: which of %s?" % (file, ", ".join(names)))
            dataset = (usual or names)[0]
        return stream[dataset][()]


def _main(file):
    if file.endswith(".json"):
        model = read_model(file)
        print("model of dimension %d, learned: %s" % (model.dim, ", ".join(model.learned)))
        for name, tensor in model.tensors.items():
            print("  %-24s %s" % (name, " x ".join(map(str, tensor.shape))))
    else:
        x = read_data(file)
        print("data %s %s" % (" x ".join(map(str, x.shape)), x.dtype))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: si_tools.py MODEL.json | DATA.h5")
    _main(sys.argv[1])
