// The matrix products of one instruction set. Included by one source file for each, which is
// compiled for it and defines kLanes (floats in a vector), kRows and kVectors (a tile of the result
// has kRows columns of the batch and kVectors vectors: as many as there are registers for) in its
// unnamed namespace. No header with code that could be shared with other files may be included
// here: the linker would be free to take this file's copy of it for processors that lack the
// instructions.
//
// Operands are copied into panels of kVectors * kLanes columns, contiguous along the summed index,
// so that the inner loop reads two vectors and kRows scalars in order and does nothing else.
//
// With SI_PAIRS a word is two bf16 numbers that follow one another along the summed index, and a
// step multiplies both. Then the including file also defines add_products, to_pairs (a row of floats
// to a row of words) and pair_rows (two rows to one of words); else all three are plain.

#if defined(__clang__)
#define SI_UNROLL _Pragma("unroll")
#else
#define SI_UNROLL _Pragma("GCC unroll 16")
#endif
#define SI_TILE inline __attribute__((always_inline))

using Size = std::ptrdiff_t;
using Vector __attribute__((vector_size(4 * kLanes))) = float;
using Loose __attribute__((vector_size(4 * kLanes), aligned(4), may_alias)) = float;

constexpr Size kPanel = kVectors * kLanes;
/// Rows of a panel that stay in the first-level cache while a batch passes by.
constexpr Size kDepth = 512;

#ifdef SI_PAIRS
constexpr Size words(Size depth) { return (depth + 1) / 2; }
#else
SI_TILE void add_products(const float* left, const Vector& right, Vector& sum) {
    sum += (*left - Vector{}) * right;
}
#endif

SI_TILE Vector load(const float* from) { return *reinterpret_cast<const Loose*>(from); }
SI_TILE void store(float* to, Vector v) { *reinterpret_cast<Loose*>(to) = v; }

/// The place of a result: its rows are `row` apart, and `wide` columns of it are real.
struct Place {
    float* to;
    Size row, wide;
};

/// c (R, W vectors) = a b, or += with Add: a(r, k) = a[r * a_row + k * a_step], and b's row k has
/// W vectors.
template <int R, int W, bool Add>
SI_TILE void tile(Size depth, const float* a, Size a_row, Size a_step, const float* b, float* c,
                  Size c_row) {
    Vector sum[R][W];
    SI_UNROLL for (int r = 0; r < R; ++r) {
        SI_UNROLL for (int w = 0; w < W; ++w) {
            sum[r][w] = Add ? load(c + r * c_row + w * kLanes) : Vector{};
        }
    }
    for (Size k = 0; k < depth; ++k) {
        Vector right[W];
        SI_UNROLL for (int w = 0; w < W; ++w) right[w] = load(b + (k * W + w) * kLanes);
        SI_UNROLL for (int r = 0; r < R; ++r) {
            const float* const left = a + r * a_row + k * a_step;
            SI_UNROLL for (int w = 0; w < W; ++w) add_products(left, right[w], sum[r][w]);
        }
    }
    SI_UNROLL for (int r = 0; r < R; ++r) {
        SI_UNROLL for (int w = 0; w < W; ++w) store(c + r * c_row + w * kLanes, sum[r][w]);
    }
}

/// A tile at the right edge.
template <int R, int W, bool Add>
SI_TILE void edge_tile(Size depth, const float* a, Size a_row, Size a_step, const float* b,
                       Place c) {
    float whole[R * W * kLanes];
    if (Add) {
        for (int r = 0; r < R; ++r) {
            for (Size i = 0; i < c.wide; ++i) whole[r * W * kLanes + i] = c.to[r * c.row + i];
            for (Size i = c.wide; i < W * kLanes; ++i) whole[r * W * kLanes + i] = 0;
        }
    }
    tile<R, W, Add>(depth, a, a_row, a_step, b, whole, W * kLanes);
    for (int r = 0; r < R; ++r) {
        for (Size i = 0; i < c.wide; ++i) c.to[r * c.row + i] = whole[r * W * kLanes + i];
    }
}

/// `rows` of a against one panel of W vectors.
template <int R, int W, bool Add>
SI_TILE void band(Size rows, Size depth, const float* a, Size a_row, Size a_step, const float* b,
                  Place c) {
    for (; rows >= R; rows -= R, a += R * a_row, c.to += R * c.row) {
        if (c.wide == W * kLanes) {
            tile<R, W, Add>(depth, a, a_row, a_step, b, c.to, c.row);
        } else {
            edge_tile<R, W, Add>(depth, a, a_row, a_step, b, c);
        }
    }
    if constexpr (R > 1) {
        if (rows > 0) band<(R > 4 ? 4 : R / 2), W, Add>(rows, depth, a, a_row, a_step, b, c);
    }
}

template <bool Add>
void panel(Size rows, Size depth, const float* a, Size a_row, Size a_step, const float* b,
           const Place& c) {
    if (c.wide > (kVectors - 1) * kLanes) {
        band<kRows, kVectors, Add>(rows, depth, a, a_row, a_step, b, c);
    } else {
        band<kRows, 1, Add>(rows, depth, a, a_row, a_step, b, c);
    }
}
static_assert(kVectors == 2);

constexpr Size rounded_up(Size n) { return (n + kLanes - 1) / kLanes * kLanes; }
constexpr Size least(Size a, Size b) { return a < b ? a : b; }

template <int S, std::size_t... E>
SI_TILE void exchange(Vector& a, Vector& b, std::index_sequence<E...>) {
    const Vector low =
        __builtin_shufflevector(a, b, (E & S ? kLanes + static_cast<int>(E) - S : E)...);
    b = __builtin_shufflevector(a, b, (E & S ? kLanes + E : E + S)...);
    a = low;
}

/// A square of kLanes rows, turned over its diagonal by swapping ever larger blocks.
template <int S>
SI_TILE void turn_over(Vector (&rows)[kLanes]) {
    if constexpr (S < kLanes) {
        SI_UNROLL for (int i = 0; i < kLanes; ++i) {
            if ((i & S) == 0) exchange<S>(rows[i], rows[i + S], std::make_index_sequence<kLanes>());
        }
        turn_over<2 * S>(rows);
    }
}

void pack_words(Size depth, Size wide, const float* w, Size row, Size column, float* packed) {
    for (Size i = 0; i < wide; i += kPanel) {
        const Size real = least(kPanel, wide - i), room = rounded_up(real);
        Size k = 0;
        if (column != 1) {  // rows of w run along the depth
            for (; k + kLanes <= depth; k += kLanes) {
                Size c = 0;
                for (; c + kLanes <= real; c += kLanes) {
                    Vector square[kLanes];
                    const float* from = w + (i + c) * column + k;
                    SI_UNROLL for (int l = 0; l < kLanes; ++l) square[l] = load(from + l * column);
                    turn_over<1>(square);
                    SI_UNROLL for (int l = 0; l < kLanes; ++l) {
                        store(packed + (k + l) * room + c, square[l]);
                    }
                }
                for (; c < room; ++c) {
                    for (Size l = 0; l < kLanes; ++l) {
                        packed[(k + l) * room + c] = c < real ? w[(i + c) * column + k + l] : 0;
                    }
                }
            }
        }
        for (; k < depth; ++k) {
            const float* from = w + k * row + i * column;
            if (column == 1 && real == kPanel) {
                SI_UNROLL for (int v = 0; v < kVectors; ++v) {
                    store(packed + k * kPanel + v * kLanes, load(from + v * kLanes));
                }
                continue;
            }
            for (Size c = 0; c < real; ++c) packed[k * room + c] = from[c * column];
            for (Size c = real; c < room; ++c) packed[k * room + c] = 0;
        }
        packed += depth * room;
    }
}

void multiply_words(Size n, Size wide, Size depth, const float* x, const float* packed, bool keep,
                    float* y) {
    for (Size k = 0; k < depth; k += kDepth) {
        const Size part = least(kDepth, depth - k);
        const float* from = packed;
        for (Size i = 0; i < wide; i += kPanel) {
            const Size real = least(kPanel, wide - i), room = rounded_up(real);
            const auto run = k > 0 || keep ? panel<true> : panel<false>;
            run(n, part, x + k, depth, 1, from + k * room, {y + i, wide, real});
            from += depth * room;
        }
    }
}

/// Rows of dy as tiles read them: kRows numbers of one column of the batch, then of the next.
void pack_rows(Size out, Size n, const float* dy, float* packed) {
    for (Size o = 0; o < out; o += 2 * kRows) {  // two at a time share cache lines of dy
        if (o + 2 * kRows <= out) {
            float* second = packed + n * kRows;
            for (Size j = 0; j < n; ++j) {
                const float* from = dy + j * out + o;
                SI_UNROLL for (int r = 0; r < kRows; ++r) packed[j * kRows + r] = from[r];
                SI_UNROLL for (int r = 0; r < kRows; ++r) second[j * kRows + r] = from[kRows + r];
            }
            packed += 2 * n * kRows;
            continue;
        }
        for (Size at = o; at < out; at += kRows, packed += n * kRows) {
            for (Size j = 0; j < n; ++j) {
                for (Size r = 0; r < least(kRows, out - at); ++r) {
                    packed[j * kRows + r] = dy[j * out + at + r];
                }
            }
        }
    }
}

/// Few inputs would fill few lanes, so there the product is formed the other way round. What few
/// are must not depend on the instruction set: those with fused multiply-adds agree to the bit.
constexpr Size kFew = 16;
void outer_of_few(const OuterProduct& product) {
    const auto [out, in, n, dy, x, keep, dw, scratch] = product;
    float* turned = scratch;  // (in, out)
    float* right = scratch + rounded_up(in * out);
    for (Size i = 0; i < out; i += kPanel) {
        const Size real = least(kPanel, out - i);
        pack_words(n, real, dy + i, out, 1, right);
        panel<false>(in, n, x, 1, in, right, {turned + i, out, real});
    }
    for (Size o = 0; o < out; ++o) {
        for (Size i = 0; i < in; ++i) {
            const float sum = turned[i * out + o];
            dw[o * in + i] = keep ? dw[o * in + i] + sum : sum;
        }
    }
}

#ifdef SI_PAIRS

/// Words of pairs of rows of `from` (n rows, `size` long); an odd one out is paired with zeros.
void pair_all(Size n, Size size, const float* from, float* to) {
    for (Size j = 0; j < n; j += 2) {
        pair_rows(size, from + j * size, j + 1 < n ? from + (j + 1) * size : nullptr,
                  to + j / 2 * size);
    }
}

void pack(Size depth, Size wide, const float* w, Size row, Size column, float* packed,
          float* scratch) {
    if (column == 1) {
        for (Size k = 0; k < depth; k += 2) {
            pair_rows(wide, w + k * row, k + 1 < depth ? w + (k + 1) * row : nullptr,
                      scratch + k / 2 * wide);
        }
        pack_words(words(depth), wide, scratch, wide, 1, packed);
    } else {
        for (Size i = 0; i < wide; ++i) to_pairs(depth, w + i * column, scratch + i * words(depth));
        pack_words(words(depth), wide, scratch, 1, words(depth), packed);
    }
}

void columns(const ColumnProduct& product) {
    const auto [n, wide, depth, x, packed, keep, y, scratch] = product;
    for (Size j = 0; j < n; ++j) to_pairs(depth, x + j * depth, scratch + j * words(depth));
    multiply_words(n, wide, words(depth), scratch, packed, keep, y);
}

#else

void pack(Size depth, Size wide, const float* w, Size row, Size column, float* packed, float*) {
    pack_words(depth, wide, w, row, column, packed);
}

void columns(const ColumnProduct& product) {
    const auto [n, wide, depth, x, packed, keep, y, scratch] = product;
    multiply_words(n, wide, depth, x, packed, keep, y);
}

#endif

void outer(const OuterProduct& product) {
    const auto [out, in, n, dy, x, before, dw, scratch] = product;
    bool keep = before;
    for (Size j = 0; j < n; j += kOuterDepth, keep = true) {
        Size part = least(kOuterDepth, n - j);
        const float *left = dy + j * out, *below = x + j * in;
#ifdef SI_PAIRS
        float* const pairs = scratch + (kOuterDepth / 2 + 16) * (out + in + 64);
        pair_all(part, out, left, pairs);
        pair_all(part, in, below, pairs + words(part) * out);
        part = words(part);
        left = pairs, below = pairs + part * out;
#endif
        if (in < kFew && in < out) {
            outer_of_few({out, in, part, left, below, keep, dw, scratch});
            continue;
        }
        float* rows = scratch;
        float* right = scratch + rounded_up((out + kRows) * part);
        pack_rows(out, part, left, rows);
        const auto run = keep ? panel<true> : panel<false>;
        for (Size i = 0; i < in; i += kPanel) {
            const Size real = least(kPanel, in - i);
            pack_words(part, real, below + i, in, 1, right);
            for (Size o = 0; o < out; o += kRows) {
                run(least(kRows, out - o), part, rows + o * part, 1, kRows, right,
                    {dw + o * in + i, in, real});
            }
        }
    }
}
