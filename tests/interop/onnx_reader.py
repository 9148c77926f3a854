"""Reads and runs ONNX files of a few operations, from the bytes and the public schema alone."""

import math
import struct

import numpy as np


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """(number, value) of a message; value is an integer or bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 2:
            size, at = varint(data, at)
            value, at = data[at : at + size], at + size
            assert len(value) == size
        elif kind == 5:
            value, at = struct.unpack("<f", data[at : at + 4])[0], at + 4
        else:
            raise ValueError("wire type %d" % kind)
        yield key >> 3, value


def of(data, number):
    return [value for key, value in fields(data) if key == number]


class Onnx:
    def __init__(self, data):
        assert of(data, 1) == [7]
        self.opset = [dict(fields(o))[2] for o in of(data, 8)]
        assert self.opset == [13]
        self.texts = {dict(fields(m))[1].decode(): dict(fields(m))[2].decode() for m in of(data, 14)}
        (graph,) = of(data, 7)
        self.inputs = [self.named(v) for v in of(graph, 11)]
        self.outputs = [self.named(v) for v in of(graph, 12)]
        self.constants = {}
        for tensor in of(graph, 5):
            assert of(tensor, 2) == [1]
            self.constants[of(tensor, 8)[0].decode()] = np.frombuffer(
                of(tensor, 9)[0], "<f4"
            ).reshape(of(tensor, 1))
        self.nodes = []
        for node in of(graph, 1):
            attributes = {of(a, 1)[0].decode(): of(a, 3)[0] for a in of(node, 5)}
            self.nodes.append(
                (
                    of(node, 4)[0].decode(),
                    [i.decode() for i in of(node, 1)],
                    of(node, 2)[0].decode(),
                    attributes,
                )
            )

    @staticmethod
    def named(info):
        """(name, element type, dimensions)."""
        (tensor,) = of(of(info, 2)[0], 1)
        dimensions = [dict(fields(d)) for d in of(of(tensor, 2)[0], 1)]
        return of(info, 1)[0].decode(), of(tensor, 1)[0], [
            d[1] if 1 in d else d[2].decode() for d in dimensions
        ]

    def run(self, **inputs):
        values = dict(self.constants)
        for name, kind, dims in self.inputs:
            given = np.asarray(inputs.pop(name), "<f4" if kind == 1 else "<i8")
            assert given.ndim == len(dims) and list(given.shape[1:]) == dims[1:]
            values[name] = given
        assert not inputs
        simple = {
            "Sub": np.subtract, "Mul": np.multiply, "Add": np.add, "MatMul": np.matmul,
            "Sin": np.sin, "Cos": np.cos, "Tanh": np.tanh,
            "Relu": lambda x: np.maximum(x, 0),
            "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
            "Erf": lambda x: np.vectorize(math.erf)(x).astype("<f4"),
            "Gather": lambda table, i: table[i],
        }
        for op, names, result, attributes in self.nodes:
            a = [values[n] for n in names]
            if op == "Gemm":
                assert attributes == {"transB": 1}
                y = a[0] @ a[1].T + (a[2] if len(a) > 2 else 0)
            elif op == "Concat":
                y = np.concatenate(a, axis=attributes["axis"])
            else:
                assert not attributes
                y = simple[op](*a)
            assert y.dtype == np.dtype("<f4"), op
            values[result] = y
        return {name: values[name] for name, kind, dims in self.outputs}
