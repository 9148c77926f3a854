#include <algorithm>

#include "si/base/threads.hpp"
#include "si/io/dataset.hpp"
#include "si/io/row_reader.hpp"

namespace si {
namespace {

constexpr Index kNumbersRead = Index{1} << 20;

}  // namespace

/// An open dataset, or samples.
struct SampleReader::Open {
    std::string source;
    Index n = 0, dim = 0;
    std::vector<Index> shape;
    ElementType type = ElementType::f64;
    std::vector<std::string> columns = {};
    Matrix values = {};
    std::optional<hdf5::OpenDataset> dataset = {};
    Plan plan = {};
    std::optional<Arrival> arrival = {};
    std::optional<RowReader> rows = {};
    FiniteCheck seen = {};  ///< of what arrived
    Index next = 0;         ///< row that arrives next
    bool nonfinite_pass = false;

    Matrix read(Index first, Index count) {
        Matrix some = allocate(dim, count);
        rows->read(first, count, some.data());
        return some;
    }

    /// Looks at rows up to `end`, which nobody asks for.
    void skip_to(Index end) {
        while (next < end) {
            const Index count = std::min(std::max<Index>(1, kNumbersRead / dim), end - next);
            seen.add(read(next, count));
            next += count;
        }
    }

    Matrix arriving(Index first, Index count) {
        require(first >= next, Failure::internal, "rows that arrive are asked for in their order");
        skip_to(first);
        Matrix some = read(first, count);
        next = first + count;
        if (!seen.add(some) && !nonfinite_pass) refuse();
        return some;
    }

    /// Says how many numbers of all are not finite.
    void refuse() {
        skip_to(n);
        seen.require_all(Failure::data);
    }
};

SampleReader::SampleReader(std::unique_ptr<Open> open) : open_(std::move(open)) {}
SampleReader::SampleReader(SampleReader&&) noexcept = default;
SampleReader::~SampleReader() = default;

SampleReader SampleReader::of(Samples samples) {
    return SampleReader(std::make_unique<Open>(Open{.source = samples.source,
                                                    .n = samples.n(),
                                                    .dim = samples.dim(),
                                                    .shape = samples.shape,
                                                    .type = samples.type,
                                                    .columns = samples.columns,
                                                    .values = std::move(samples.values)}));
}

SampleReader SampleReader::of(InputFile& input, const std::string& source,
                              hdf5::OpenDataset dataset, const Plan& plan, bool arriving) {
    const auto& sizes = dataset.shape;
    std::vector<Index> shape(sizes.begin() + 1, sizes.end());
    if (shape.empty()) shape = {1};
    auto open =
        std::make_unique<Open>(Open{.source = source,
                                    .n = sizes[0],
                                    .dim = count_of(shape),
                                    .shape = shape,
                                    .type = dataset.conventions.read_as(dataset.type.type)});
    open->dataset = std::move(dataset);
    open->plan = plan;
    open->rows.emplace(input, *open->dataset, open->plan);
    SampleReader reader(std::move(open));
    if (arriving) {
        reader.open_->arrival.emplace(input, plan);
        reader.open_->rows->follow(*reader.open_->arrival);
    }
    return reader;
}

void SampleReader::let_nonfinite_pass() { open_->nonfinite_pass = true; }

void SampleReader::look_at_all(const Look& look,
                               const std::function<void(Index missing)>& seen) const {
    in_context(source(), [&] {
        FiniteCheck check;
        Matrix some;
        for (const Columns& part : chunks(n(), step(std::max<Index>(1, kNumbersRead / dim())))) {
            if (some.cols() != part.count) some = allocate(dim(), part.count);
            open_->rows->read(part.first, part.count, some.data());
            check.add(some);
            if (look) look(part.first, some);
        }
        if (seen) seen(open_->rows->missing());
        if (!open_->nonfinite_pass) check.require_all(Failure::data);
    });
}

Index SampleReader::n() const { return open_->n; }
Index SampleReader::dim() const { return open_->dim; }
const std::vector<Index>& SampleReader::shape() const { return open_->shape; }
ElementType SampleReader::type() const { return open_->type; }
const std::string& SampleReader::source() const { return open_->source; }

Matrix SampleReader::rows(Index first, Index count) const {
    if (!open_->dataset) return open_->values.middleCols(first, count);
    return in_context(source(), [&] {
        if (open_->arrival) return open_->arriving(first, count);
        Matrix values = open_->read(first, count);
        if (!open_->nonfinite_pass) {
            require_finite(values, Failure::data, ElementType::f64, first);
        }
        return values;
    });
}

Samples SampleReader::samples(Index first, Index count) const {
    return {rows(first, count), shape(), source(), type(), open_->columns};
}

void SampleReader::finish() const {
    if (!open_->arrival) return;
    in_context(source(), [&] {
        open_->skip_to(open_->n);
        if (!open_->nonfinite_pass) open_->seen.require_all(Failure::data);
    });
    const auto file = source().substr(0, source().rfind(":/"));
    in_context(file, [&] { open_->arrival->finish(); });
}

Index SampleReader::step(Index wanted) const {
    if (!open_->dataset || open_->dataset->chunk.empty()) return wanted;
    const Index chunk = open_->dataset->chunk[0];
    return (wanted + chunk - 1) / chunk * chunk;
}

}  // namespace si
