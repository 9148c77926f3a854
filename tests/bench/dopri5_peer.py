#!/usr/bin/env python3
"""dopri5_peer.py [BIN]: evaluations against error at the end, si-sample and torchdiffeq's dopri5.

The flow from N(0, 1) to three modes, exact field, 500 starting points. The peer is its algorithm,
written down again here in plain Python: one step size for the whole batch by the root mean square
of the scaled error, Hairer's first step, safety 0.9, factors from 0.2 to 10, a last step that runs
past t = 1 and is interpolated back (here: evaluated past 1 and corrected by a step of its own, which
favours the peer). Errors are against si-sample at a tolerance of 1e-11.
"""
import json, math, os, random, subprocess, sys, tempfile

WEIGHTS, MEANS, VARIANCES = [0.3, 0.4, 0.3], [-6.0, 0.0, 6.0], [0.5, 0.33, 0.5]
A = [[1/5], [3/40, 9/40], [44/45, -56/15, 32/9],
     [19372/6561, -25360/2187, 64448/6561, -212/729],
     [9017/3168, -355/33, 46732/5247, 49/176, -5103/18656],
     [35/384, 0, 500/1113, 125/192, -2187/6784, 11/84]]
C = [1/5, 3/10, 4/5, 8/9, 1, 1]
E = [35/384 - 1951/21600, 0, 500/1113 - 22642/50085, 125/192 - 451/720,
     -2187/6784 + 12231/42400, 11/84 - 649/6300, -1/60]


def velocity(t, x):
    out = []
    for y in x:
        logs, parts = [], []
        for w, m, v in zip(WEIGHTS, MEANS, VARIANCES):
            c, r = (1 - t) ** 2 + t * t * v, y - t * m
            logs.append(math.log(w) - 0.5 * math.log(c) - r * r / (2 * c))
            parts.append(m + (-(1 - t) + t * v) / c * r)
        top = max(logs)
        e = [math.exp(l - top) for l in logs]
        out.append(sum(a * b for a, b in zip(e, parts)) / sum(e))
    return out


def rms(v):
    return math.sqrt(sum(a * a for a in v) / len(v))


def peer(x, tolerance):
    t, f, calls = 0.0, velocity(0.0, x), 1
    scale = [tolerance + tolerance * abs(a) for a in x]
    d0, d1 = rms([a / s for a, s in zip(x, scale)]), rms([a / s for a, s in zip(f, scale)])
    h0 = 0.01 * d0 / d1
    f1 = velocity(h0, [a + h0 * b for a, b in zip(x, f)])
    calls += 1
    d2 = rms([(a - b) / s for a, b, s in zip(f1, f, scale)]) / h0
    h = min(100 * h0, (0.01 / max(d1, d2)) ** (1 / 5))
    while True:
        k = [f]
        for a, c in zip(A, C):
            at = [y + h * sum(w * kk[i] for w, kk in zip(a, k)) for i, y in enumerate(x)]
            k.append(velocity(t + c * h, at))
            calls += 1
        error = [h * sum(w * kk[i] for w, kk in zip(E, k)) for i in range(len(x))]
        ratio = rms([e / (tolerance + tolerance * max(abs(a), abs(b)))
                     for e, a, b in zip(error, x, at)])
        if ratio <= 1:
            if t + h >= 1:  # back to t = 1 by a step from t that is not counted
                h, k = 1 - t, [f]
                for a, c in zip(A, C):
                    at = [y + h * sum(w * kk[i] for w, kk in zip(a, k)) for i, y in enumerate(x)]
                    k.append(velocity(t + c * h, at))
                return at, calls
            t, x, f = t + h, at, k[6]
        h *= 10 if ratio == 0 else min(10, max(0.9 / ratio ** 0.2, 1 if ratio < 1 else 0.2))


def ours(binaries, start, tolerance):
    run = lambda *a: subprocess.run([os.path.join(binaries, a[0]), *a[1:]], check=True)
    run("si-sample", "m.json", "--x0", start, "--ode", f"dopri5,rtol={tolerance},atol={tolerance}",
        "-q", "-o", "x.h5")
    run("si-data", "export", "x.h5", "-q", "-o", "x.csv")
    run("si-data", "export", "x.h5:/nfe", "-q", "-o", "n.csv")
    read = lambda name: [float(line) for line in open(name)]
    return read("x.csv"), read("n.csv")


def main():
    binaries = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/test/bin")
    os.chdir(tempfile.mkdtemp())
    model = {"format": "si-model", "format_version": [1, 0], "dim": 1,
             "field": {"kind": "mixture", "weights": WEIGHTS, "means": [[m] for m in MEANS],
                       "covariances": VARIANCES}}
    json.dump(model, open("m.json", "w"))
    random.seed(1)
    x = [random.gauss(0, 1) for _ in range(500)]
    open("z.csv", "w").write("".join(f"{v!r}\n" for v in x))
    exact, _ = ours(binaries, "z.csv", 1e-11)
    gap = lambda y: rms([a - b for a, b in zip(y, exact)])
    print("tolerance   ours: mean nfe  largest   error      peer: nfe  error")
    for tolerance in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7):
        y, n = ours(binaries, "z.csv", tolerance)
        z, calls = peer(x, tolerance)
        print(f"{tolerance:9.0e} {sum(n) / len(n):12.1f} {max(n):12.0f} {gap(y):12.2e}"
              f"{calls:12d} {gap(z):12.2e}")


main()
