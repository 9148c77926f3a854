#!/usr/bin/env python3
"""The fields of mixtures, from their definition, in 50 digits.

    python3 tests/oracles/mixture.py > tests/oracles/mixture_oracle.hpp        (needs mpmath)

Nothing here follows the closed forms of the library. A path is known by alpha, beta and gamma
alone, and differentiated numerically. rho is the sum over pairs of components; s is its
logarithm, differentiated numerically, and so is div b. b = E[alpha' x0 + beta' x1 + gamma' z | x]
conditions the Gaussian vector (x0, x1, z) of each pair on x. In 128 dimensions covariances are
diagonal plus rank one, and are inverted by the formula of Sherman, Morrison and Woodbury.
"""

from mpmath import mp, mpf, cos, diff, exp, log, matrix, pi, sin, sqrt, tanh

mp.dps = 50


def brownian(a):
    return lambda t: sqrt(a * t * (1 - t))


def logistic_bump(t):
    def level(u):
        return (1 + tanh(u / 2)) / 2

    u = 10 * (t - mpf(1) / 2)
    return level(u + 1) - level(u - 1) - level(mpf(-4)) + level(mpf(-6))


def shrunk(gamma):
    return lambda t: sqrt(1 - gamma(t) ** 2)


def zero(t):
    return mpf(0)


def noise_left(t):
    """beta of the finite diffusion with noise rate 0.1 + 19.9 (1 - t)."""
    return exp(-((1 - t) ** 2) * mpf("19.9") / 4 - (1 - t) * mpf("0.1") / 2)


INTERPOLANTS = [
    ("linear", "none", lambda t: 1 - t, lambda t: t, zero),
    ("linear", "brownian,a=2", lambda t: 1 - t, lambda t: t, brownian(2)),
    ("trig", "brownian", lambda t: cos(pi * t / 2), lambda t: sin(pi * t / 2), brownian(1)),
    ("vp", "none", lambda t: sqrt(1 - t * t), lambda t: t, zero),
    ("sit-vp", "none", lambda t: sqrt(1 - noise_left(t) ** 2), noise_left, zero),
    ("polynomial,n=3", "quadratic,scale=2", lambda t: 1 - t**3, lambda t: t**3,
     lambda t: 2 * t * (1 - t)),
    ("spherical", "sigmoid", lambda t: shrunk(logistic_bump)(t) * cos(pi * t / 2),
     lambda t: shrunk(logistic_bump)(t) * sin(pi * t / 2), logistic_bump),
    ("enc-dec", "sine-squared", lambda t: cos(pi * t) ** 2 if t < 0.5 else mpf(0),
     lambda t: cos(pi * t) ** 2 if t > 0.5 else mpf(0), lambda t: sin(pi * t) ** 2),
    ("fourier,alpha=0.25:-0.125,beta=0.125", "brownian-start",
     lambda t: cos(pi * t / 2) + sin(pi * t) / 4 - sin(2 * pi * t) / 8,
     lambda t: sin(pi * t / 2) + sin(pi * t) / 8, lambda t: sqrt(t) * (1 - t)),
    ("custom,alpha=1-t^2,beta=t*exp(t-1)", "brownian-end,a=3", lambda t: 1 - t * t,
     lambda t: t * exp(t - 1), lambda t: sqrt(3 * (1 - t)) * t),
]


def normal(x, mean, variance):
    return exp(-((x - mean) ** 2) / (2 * variance)) / sqrt(2 * pi * variance)


BASE = [(mpf(1) / 2, mpf(-3), mpf(1) / 4), (mpf(1) / 2, mpf(3), mpf(1) / 4)]
TARGET = [(mpf(1) / 3, mpf(-6), mpf(1) / 2), (mpf(1) / 3, mpf(0), mpf("0.33")),
          (mpf(1) / 3, mpf(6), mpf(1) / 2)]


def on_a_line(alpha, beta, gamma, t, x):
    """log rho, b, s, div b."""
    a, b, g = alpha(t), beta(t), gamma(t)
    a1, b1, g1 = diff(alpha, t), diff(beta, t), diff(gamma, t)

    def parts(x):
        for p0, m0, c0 in BASE:
            for p1, m1, c1 in TARGET:
                mean, variance = a * m0 + b * m1, a * a * c0 + b * b * c1 + g * g
                gain = (x - mean) / variance
                x0, x1, z = m0 + a * c0 * gain, m1 + b * c1 * gain, g * gain
                yield p0 * p1 * normal(x, mean, variance), a1 * x0 + b1 * x1 + g1 * z

    def rho(x):
        return sum(p for p, _ in parts(x))

    def velocity(x):
        return sum(p * v for p, v in parts(x)) / rho(x)

    return log(rho(x)), velocity(x), diff(lambda y: log(rho(y)), x), diff(velocity, x)


def in_a_mirror(gamma, t, x):
    """The same for x_t = x1 + gamma z."""
    g, g1 = gamma(t), diff(gamma, t)

    def rho(x):
        return sum(p * normal(x, m, c + g * g) for p, m, c in TARGET)

    def velocity(x):
        z = [(p * normal(x, m, c + g * g), g * (x - m) / (c + g * g)) for p, m, c in TARGET]
        return g1 * sum(w * each for w, each in z) / rho(x)

    return log(rho(x)), velocity(x), diff(lambda y: log(rho(y)), x), diff(velocity, x)


# In 128 dimensions. Every parameter is a multiple of 1/64, so that double precision has it too.
DIM = 128


def wave(scale, phase):
    """scale cos(phase) rounded to a multiple of 1/64."""
    return mpf(int(mp.nint(64 * scale * cos(phase)))) / 64


def component(k, spread):
    mean = [wave(spread, mpf(i * (k + 2) + k)) for i in range(DIM)]
    diagonal = [1 + wave(mpf(1) / 2, mpf(i + 3 * k)) for i in range(DIM)]
    direction = [wave(1, mpf(i * (2 * k + 1) + 5)) for i in range(DIM)]
    return mean, diagonal, direction


BASES = [component(k, mpf(1)) for k in (7, 8)]
TARGETS = [component(k, mpf("7.5")) for k in range(5)]


def wide(alpha, beta, gamma, t, x):
    """log rho, b, s, div b; b and s as lists."""
    a, b, g = alpha(t), beta(t), gamma(t)
    a1, b1, g1 = diff(alpha, t), diff(beta, t), diff(gamma, t)
    pairs = []
    for m0, d0, u0 in BASES:
        for m1, d1, u1 in TARGETS:
            d = [a * a * p + b * b * q + g * g for p, q in zip(d0, d1)]
            columns = [[a * u for u in u0], [b * u for u in u1]]
            core = matrix(2, 2)
            for i in range(2):
                for j in range(2):
                    core[i, j] = (i == j) + sum(p * q / e for p, q, e in
                                                zip(columns[i], columns[j], d))
            determinant = core[0, 0] * core[1, 1] - core[0, 1] * core[1, 0]
            log_det = sum(log(2 * pi * e) for e in d) + log(determinant)
            mean = [a * p + b * q for p, q in zip(m0, m1)]
            pairs.append((mean, d, columns, core**-1, log_det, m0, d0, u0, m1, d1, u1))

    def solve(pair, r):
        _, d, columns, inner = pair[:4]
        y = [p / e for p, e in zip(r, d)]
        seen = [sum(p * q for p, q in zip(c, y)) for c in columns]
        k = [inner[i, 0] * seen[0] + inner[i, 1] * seen[1] for i in range(2)]
        return [p - (columns[0][i] * k[0] + columns[1][i] * k[1]) / d[i] for i, p in enumerate(y)]

    def apply(diagonal, direction, y):
        along = sum(p * q for p, q in zip(direction, y))
        return [e * p + u * along for e, p, u in zip(diagonal, y, direction)]

    def evaluate(x, fields):
        logs, velocities, gains = [], [], []
        for pair in pairs:
            r = [p - q for p, q in zip(x, pair[0])]
            gain = solve(pair, r)
            logs.append(-sum(p * q for p, q in zip(r, gain)) / 2 - pair[4] / 2 - log(mpf(10)))
            if not fields:
                continue
            m0, d0, u0, m1, d1, u1 = pair[5:]
            x0 = [m + a * p for m, p in zip(m0, apply(d0, u0, gain))]
            x1 = [m + b * p for m, p in zip(m1, apply(d1, u1, gain))]
            velocities.append([a1 * p + b1 * q + g1 * g * k for p, q, k in zip(x0, x1, gain)])
            gains.append(gain)
        top = max(logs)
        weights = [exp(each - top) for each in logs]
        total = sum(weights)
        log_rho = top + log(total)
        if not fields:
            return log_rho
        v = [sum(w * each[i] for w, each in zip(weights, velocities)) / total for i in range(DIM)]
        return log_rho, v

    def moved(i, h):
        return [p + h if i == j else p for j, p in enumerate(x)]

    log_rho, v = evaluate(x, True)
    h = mpf(10) ** -14  # central differences in 50 digits: errors h^2 and 1e-50 / h
    s, div = [], mpf(0)
    for i in range(DIM):
        up, down = evaluate(moved(i, h), True), evaluate(moved(i, -h), True)
        s.append((up[0] - down[0]) / (2 * h))
        div += (up[1][i] - down[1][i]) / (2 * h)
    return log_rho, v, s, div


def number(value):
    return mp.nstr(value, 17, min_fixed=-3, max_fixed=6)


def summary(values):
    """Three of the numbers, and a sum that all of them enter."""
    mixed = sum(v * wave(1, mpf(i)) for i, v in enumerate(values))
    return ", ".join(number(v) for v in (values[0], values[63], values[127], mixed))


def print_line():
    times = ["0.0625", "0.25", "0.4375", "0.75", "0.9375"]
    points = ["-4.5", "-1", "0.25", "2.75", "60"]
    print("constexpr OnALine kOnALine[] = {")
    for path, gamma, *curves in INTERPOLANTS:
        for t in times:
            for x in points:
                values = on_a_line(*curves, mpf(t), mpf(x))
                print(f'    {{"{path}", "{gamma}", {t}, {x}, ' +
                      ", ".join(number(v) for v in values) + "},")
    for gamma, curve in (("brownian,a=2", brownian(2)), ("sigmoid", logistic_bump)):
        for t in times:
            for x in points:
                values = in_a_mirror(curve, mpf(t), mpf(x))
                print(f'    {{"mirror", "{gamma}", {t}, {x}, ' +
                      ", ".join(number(v) for v in values) + "},")
    print("};\n")


def print_wide():
    # `away` is how far x stands from the mean of target 2, in every coordinate; a coordinate
    # has a deviation of at most sqrt(1.5 + 1), so 48 is 30 of them.
    print("constexpr Wide kWide[] = {")
    for index in (0, 1, 4):
        path, gamma, *curves = INTERPOLANTS[index]
        for t in ("0.0625", "0.5", "0.9375"):
            for away in ("0.5", "48"):
                x = [m + mpf(away) for m in TARGETS[2][0]]
                log_rho, v, s, div = wide(*curves, mpf(t), x)
                print(f'    {{"{path}", "{gamma}", {t}, {away}, {number(log_rho)}, {number(div)},\n'
                      f"     {{{summary(v)}}},\n     {{{summary(s)}}}}},", flush=True)
    print("};\n")


if __name__ == "__main__":
    print("#pragma once\n")
    print("// Written by tests/oracles/mixture.py, which says what these numbers are. Do not edit.")
    print("// clang-format off\n")
    print("namespace si::oracle {\n")
    print("struct OnALine {\n    const char *path, *gamma;\n"
          "    double t, x, log_rho, b, s, div_b;\n};\n")
    print("struct Wide {\n    const char *path, *gamma;\n"
          "    double t, away, log_rho, div_b;\n    double b[4], s[4];\n};\n")
    print_line()
    print_wide()
    print("}  // namespace si::oracle")
