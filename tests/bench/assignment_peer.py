#!/usr/bin/python3
"""assignment_peer.py BENCH [ROUNDS]: exact assignment against POT's emd, in turns.

BENCH is bench_assignment (cmake --build DIR --target bench_assignment). Points are N(0, I) and eight
Gaussians on a circle of the first two coordinates. Times are of the processor, one thread, without
the cost matrix; printed is the median of ROUNDS (3) of each and of their ratios. The costs must
agree. Debian: python3-pot.
"""
import os, subprocess, sys, tempfile, time

os.environ["OMP_NUM_THREADS"] = "1"
try:
    import numpy as np, ot
except ImportError:
    sys.exit("assignment_peer.py: no POT here (Debian: python3-pot)")

bench, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3


def points(n, d):
    random = np.random.default_rng(n + d)
    x, y = random.standard_normal((n, d)), 0.3 * random.standard_normal((n, d))
    angle = random.integers(8, size=n) * np.pi / 4
    y[:, 0] += 5 * np.cos(angle)
    y[:, 1] += 5 * np.sin(angle)
    return x, y


print(f"{'d':>4}{'n':>6}{'ours':>10}{'POT emd':>10}{'ratio':>8}{'relative difference of costs':>30}")
for d in (2, 16, 128):
    for n in (1024, 4096):
        x, y = points(n, d)
        with tempfile.NamedTemporaryFile() as file:
            x.tofile(file), y.tofile(file), file.flush()
            cost = ot.dist(x, y) / 2
            weights = np.full(n, 1 / n)
            ours, theirs, apart = [], [], 0
            for _ in range(rounds):
                words = subprocess.run([bench, str(n), str(d), file.name], check=True,
                                       capture_output=True, text=True).stdout.split()
                ours.append(float(words[0]))
                start = time.process_time()
                plan = ot.emd(weights, weights, cost, numItermax=10**7)
                theirs.append(time.process_time() - start)
                apart = max(apart, abs(float(words[1]) / (plan * cost).sum() - 1))
            ratio = np.median(np.array(theirs) / np.array(ours))
            print(f"{d:4}{n:6}{np.median(ours):10.3f}{np.median(theirs):10.3f}{ratio:8.1f}"
                  f"{apart:30.1e}", flush=True)
