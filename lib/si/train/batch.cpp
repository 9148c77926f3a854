#include "si/train/batch.hpp"

#include <cmath>

#include "si/base/set_size.hpp"

namespace si {
namespace {

/// Columns of a batch from all samples by their rows, or where those are not all in memory from
/// what was drawn.
void take_samples(const Matrix& all, const EndOfPairs& drawn, Columns columns, Matrix& out) {
    if (drawn.samples.cols() > 0) {
        out = drawn.samples.middleCols(columns.first, columns.count);
        return;
    }
    for (Index j = 0; j < columns.count; ++j) {
        out.col(j) = all.col(drawn.rows[static_cast<std::size_t>(columns.first + j)]);
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
        out.given.col(j).head(of_data) = source.given->col(pairs.x1().rows[at]);
    }
    if (source.conditions.labels > 0 && dropout > 0) {
        fill_uniform(label, columns.first, out.uniform);
        for (Index j = 0; j < n; ++j) {
            if (out.uniform(0, j) < dropout) {
                out.given(0, j) = static_cast<double>(source.conditions.labels);
            }
        }
    }
    if (source.conditions.start) out.given.bottomRows(out.x0().rows()) = out.x0();
    if (!source.corruption) return;
    const Observation seen = source.corruption->observe(out.x1(), mask, columns.first);
    out.x0() = seen.mean + seen.deviation.cwiseProduct(out.x0());
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
    const Index d = source.ends.back()->rows(), n = columns.count;
    // Validation has a purpose of its own, and counts its draws in the step.
    const auto address = [&](Purpose purpose, std::uint32_t draw) {
        return part.validation
                   ? Address{source.seed, Purpose::check, draw}
                   : Address{source.seed, purpose, static_cast<std::uint32_t>(part.step)};
    };
    draw_times(source, address(Purpose::time, 0), columns, part.batch, out.uniform, out.t);
    out.ends.resize(source.ends.size());
    for (std::size_t k = 0; k < out.ends.size(); ++k) {
        set_size(out.ends[k], d, n);
        if (source.ends[k] == nullptr) continue;
        take_samples(*source.ends[k], pairs.ends[k], columns, out.ends[k]);
    }
    if (source.dequantize.size() > 0) {
        set_size(out.xt, d, n);
        fill_uniform(address(Purpose::data, 2), columns.first, out.xt);
        out.x1().array() += out.xt.array().colwise() * source.dequantize.array();
    }
    if (source.mirror) {
        out.x0() = out.x1();
    } else if (source.ends.front() == nullptr) {
        const Address base = address(Purpose::base, 1);
        if (source.base) {
            source.base->sample(base, columns.first, out.x0());
        } else {
            fill_normal(base, columns.first, out.x0());
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
    const auto modulate = source.setup.interpolant.modulation().modulate;
    if (latent && modulate != nullptr) {
        for (Index j = 0; j < n; ++j) modulate(d, EndColumns(out, j), out.z.col(j).data());
    }
    mix(source.setup, part.antithetic, out);
}

void mix(const Setup& setup, bool antithetic, Batch& out) {
    const Index d = out.x1().rows(), n = out.x1().cols();
    const Interpolant& interpolant = setup.interpolant;
    set_size(out.xt, d, n);
    set_size(out.mirrored, antithetic ? d : 0, antithetic ? n : 0);
    for (Index j = 0; j < n; ++j) {
        Coefficients c = interpolant.at(out.t[j]);
        const EndColumns ends(out, j);
        MixParts parts{.dim = d, .ends = ends};
        if (setup.one_sided()) {  // x0 is z
            parts.ends = parts.ends.subspan(1);
            parts.latent = out.x0().col(j).data();
            c.gamma = c.alpha();
            c.weights = PerEnd::Constant(1, c.beta());
        } else if (interpolant.has_latent()) {
            parts.latent = out.z.col(j).data();
        }
        const auto mix_parts = interpolant.modulation().mix;
        mix_parts(parts, c, out.xt.col(j).data());
        c.gamma = -c.gamma;
        if (antithetic) mix_parts(parts, c, out.mirrored.col(j).data());
    }
}

}  // namespace si
