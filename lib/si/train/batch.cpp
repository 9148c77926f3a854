#include "si/train/batch.hpp"

#include <cmath>

#include "si/base/set_size.hpp"
#include "si/base/simd.hpp"

namespace si {
namespace {

SI_CLONES void mix_two(Index n, double a, const double* x, double b, const double* y,
                       double* __restrict out) {
    for (Index i = 0; i < n; ++i) out[i] = a * x[i] + b * y[i];
}

SI_CLONES void mix_three(Index n, double a, const double* x, double b, const double* y, double c,
                         const double* z, double* __restrict out) {
    for (Index i = 0; i < n; ++i) out[i] = a * x[i] + b * y[i] + c * z[i];
}

/// Columns of a batch from all samples by their rows, or where those are not all in memory from
/// what was drawn.
void take_samples(const Matrix& all, const std::vector<Index>& rows, const Matrix& drawn,
                  Columns columns, Matrix& out) {
    if (drawn.cols() > 0) {
        out = drawn.middleCols(columns.first, columns.count);
        return;
    }
    for (Index j = 0; j < columns.count; ++j) {
        out.col(j) = all.col(rows[static_cast<std::size_t>(columns.first + j)]);
    }
}

/// Fills out.given, and turns x0, which is noise so far, into what a corruption makes of it.
void take_conditions(const BatchSource& source, const Pairs& pairs, Columns columns, double dropout,
                     const Address& mask, const Address& label, Batch& out) {
    const Index n = columns.count, rows = source.conditions.rows();
    const Index of_data = source.given == nullptr ? 0 : source.given->rows();
    set_size(out.given, rows, n);
    for (Index j = 0; j < n && of_data > 0; ++j) {
        const auto at = static_cast<std::size_t>(columns.first + j);
        out.given.col(j).head(of_data) = source.given->col(pairs.x1[at]);
    }
    if (source.conditions.labels > 0 && dropout > 0) {
        fill_uniform(label, columns.first, out.uniform);
        for (Index j = 0; j < n; ++j) {
            if (out.uniform(0, j) < dropout) {
                out.given(0, j) = static_cast<double>(source.conditions.labels);
            }
        }
    }
    if (source.conditions.start) out.given.bottomRows(out.x0.rows()) = out.x0;
    if (!source.corruption) return;
    const Observation seen = source.corruption->observe(out.x1, mask, columns.first);
    out.x0 = seen.mean + seen.deviation.cwiseProduct(out.x0);
    if (rows > of_data) out.given.bottomRows(rows - of_data) = seen.given;
}

}  // namespace

void draw_times(const BatchSource& source, const Address& address, Columns columns, Index batch,
                Matrix& uniform, Vector& t) {
    const Index n = columns.count;
    set_size(uniform, 1, n);
    fill_uniform(address, columns.first, uniform);
    set_size(t, n, 1);
    for (Index j = 0; j < n; ++j) {  // stratified: sample i of the batch has stratum i
        const double place =
            (static_cast<double>(columns.first + j) + uniform(0, j)) / static_cast<double>(batch);
        t[j] = source.first_time + (source.last_time - source.first_time) * source.time(place);
    }
}

void build_batch(const BatchSource& source, const Pairs& pairs, const BatchPart& part, Batch& out) {
    const Columns columns = part.columns;
    const Index d = source.x1->rows(), n = columns.count;
    // Validation has a purpose of its own, and counts its draws in the step.
    const auto address = [&](Purpose purpose, std::uint32_t draw) {
        return part.validation
                   ? Address{source.seed, Purpose::check, draw}
                   : Address{source.seed, purpose, static_cast<std::uint32_t>(part.step)};
    };
    draw_times(source, address(Purpose::time, 0), columns, part.batch, out.uniform, out.t);
    set_size(out.x1, d, n);
    set_size(out.x0, d, n);
    take_samples(*source.x1, pairs.x1, pairs.samples1, columns, out.x1);
    if (source.x0 != nullptr) {
        take_samples(*source.x0, pairs.x0, pairs.samples0, columns, out.x0);
    }
    if (source.dequantize.size() > 0) {
        set_size(out.xt, d, n);
        fill_uniform(address(Purpose::data, 2), columns.first, out.xt);
        out.x1.array() += out.xt.array().colwise() * source.dequantize.array();
    }
    if (source.mirror) {
        out.x0 = out.x1;
    } else if (source.x0 == nullptr) {
        const Address base = address(Purpose::base, 1);
        if (source.base) {
            source.base->sample(base, columns.first, out.x0);
        } else {
            fill_normal(base, columns.first, out.x0);
        }
    }
    if (source.conditions.rows() > 0 || source.corruption) {
        const Address mask = address(Purpose::mask, 4), label = address(Purpose::label, 5);
        take_conditions(source, pairs, columns, part.validation ? 0 : source.label_dropout, mask,
                        label, out);
    }
    const bool latent = source.setup.interpolant.has_latent();
    set_size(out.z, latent ? d : 0, latent ? n : 0);
    if (latent) fill_normal(address(Purpose::latent, 3), columns.first, out.z);
    mix(source.setup, part.antithetic, out);
}

void mix(const Setup& setup, bool antithetic, Batch& out) {
    const Index d = out.x1.rows(), n = out.x1.cols();
    const bool latent = setup.interpolant.has_latent();
    set_size(out.xt, d, n);
    set_size(out.mirrored, antithetic ? d : 0, antithetic ? n : 0);
    for (Index j = 0; j < n; ++j) {
        const auto c = setup.interpolant.at(out.t[j]);
        const double *x0 = out.x0.col(j).data(), *x1 = out.x1.col(j).data();
        double* const xt = out.xt.col(j).data();
        double* const mirrored = antithetic ? out.mirrored.col(j).data() : nullptr;
        if (setup.one_sided()) {  // x0 is z
            mix_two(d, c.beta, x1, c.alpha, x0, xt);
            if (antithetic) mix_two(d, c.beta, x1, -c.alpha, x0, mirrored);
        } else if (latent) {
            const double* const z = out.z.col(j).data();
            mix_three(d, c.alpha, x0, c.beta, x1, c.gamma, z, xt);
            if (antithetic) mix_three(d, c.alpha, x0, c.beta, x1, -c.gamma, z, mirrored);
        } else {
            mix_two(d, c.alpha, x0, c.beta, x1, xt);
            if (antithetic) out.mirrored.col(j) = out.xt.col(j);
        }
    }
}

}  // namespace si
