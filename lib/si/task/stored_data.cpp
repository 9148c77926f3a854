#include "si/task/stored_data.hpp"

#include <algorithm>

#include "si/io/crc32c.hpp"

namespace si {
namespace {

/// The two pools of a data set may take 1 / kPartOfPools of the memory allowed; a pool has
/// kBlocksOfPool blocks.
constexpr Index kPartOfPools = 4, kBlocksOfPool = 64;
/// Numbers of held-out samples that are kept in memory, beyond this many samples.
constexpr Index kHeldOutNumbers = Index{1} << 24, kHeldOutLeast = 64;

using Rows = std::vector<Index>;  // increasing

/// Samples of a file, which stays open.
class FileSamples : public StoredSamples {
  public:
    FileSamples(std::shared_ptr<const DataFile> file, SampleReader reader)
        : file_(std::move(file)), reader_(std::move(reader)) {}
    Matrix rows(Index first, Index count) override { return reader_.rows(first, count); }

  private:
    std::shared_ptr<const DataFile> file_;
    SampleReader reader_;
};

Rows united(const Rows& a, const Rows& b) {
    Rows all;
    std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(all));
    return all;
}

Rows not_finite(const Matrix& x) {
    Rows rows;
    if (FiniteCheck().add(x)) return rows;
    for (Index j = 0; j < x.cols(); ++j) {
        if (!x.col(j).allFinite()) rows.push_back(j);
    }
    return rows;
}

/// Places in `rows` of those that are not in `others`.
std::vector<Index> places_without(const Rows& rows, const Rows& others) {
    std::vector<Index> places;
    for (Index k = 0; k < std::ssize(rows); ++k) {
        const Index row = rows[static_cast<std::size_t>(k)];
        if (!std::binary_search(others.begin(), others.end(), row)) places.push_back(k);
    }
    return places;
}

void warn_of(const std::string& source, Index rows, Progress& progress) {
    if (rows == 0) return;
    progress.warn(text(source, ": left out ", rows,
                       rows == 1 ? " sample that is" : " samples that are", " not finite"));
}

}  // namespace

/// An end after one pass over all of it.
struct StoredEnds::Passed {
    StoredSet set;
    std::optional<Grid> grid;
    Rows held, nonfinite;
    Matrix valid;  ///< samples of the held-out rows
    std::vector<Index> shape;
    std::string source;
    Index step = 1;  ///< rows of a block are a multiple of it

    /// What is held out and what is not finite.
    void leave_out(const Rows& bad) {
        set.left_out = united(held, bad);
        const auto places = places_without(held, bad);
        valid = valid(Eigen::all, places).eval();
        for (std::size_t k = 0; k < places.size(); ++k) {
            held[k] = held[static_cast<std::size_t>(places[k])];
        }
        held.resize(places.size());
    }

    BlockSizes blocks(Bytes memory) const {
        constexpr Index kNumber = sizeof(double);
        const Index rows =
            std::max<Index>(1, memory.value / (2 * kPartOfPools * kNumber * set.dim));
        const Index wanted = std::max<Index>(1, rows / kBlocksOfPool);
        const Index block = (wanted + step - 1) / step * step;
        return {block, std::max<Index>(1, rows / block)};
    }
};

StoredEnds::StoredEnds(std::shared_ptr<const DataFile> x1, std::shared_ptr<const DataFile> x0)
    : x1_{std::move(x1), ""}, x0_{std::move(x0), ""} {
    if (!x1_.file->has("x0") || !x1_.file->has("x1")) return;
    x1_.dataset = "/x1";
    if (!x0_.file) x0_ = {x1_.file, "/x0"};
}

Index StoredEnds::bytes() const {
    Index numbers = 0;
    for (const End* end : {&x1_, &x0_}) {
        if (!end->file) continue;
        const auto shape = end->file->shape(end->dataset);
        if (!shape) return 0;
        numbers += count_of(*shape);
    }
    return numbers * static_cast<Index>(sizeof(double));
}

Rows StoredEnds::hold_out(const End& end, const TrainSpec& spec, std::uint64_t seed,
                          std::uint32_t set) {
    const auto fraction = parse_real(spec.valid);
    if (!fraction) return {};
    const auto shape = end.shape();
    const Index dim = count_of(shape) / shape.front();
    const Index most = std::clamp<Index>(kHeldOutNumbers / dim, kHeldOutLeast, 10'000);
    auto rows = held_out_rows(shape.front(), held_out_fraction(*fraction), seed, set, most);
    std::sort(rows.begin(), rows.end());
    return rows;
}

StoredEnds::Passed StoredEnds::pass_over(const End& end, Rows held, double step) {
    Passed passed;
    MomentsOfParts moments;
    std::optional<GridSearch> grid;
    if (step > 0) grid.emplace(step, end.shape().size() > 2);
    std::uint32_t checksum = 0;
    auto next = held.begin();
    const Look look = [&](Index first, const Matrix& some) {
        checksum = crc32c({reinterpret_cast<const char*>(some.data()),
                           static_cast<std::size_t>(some.size()) * sizeof(double)},
                          checksum);
        if (first == 0) passed.valid = allocate(some.rows(), std::ssize(held));
        Rows held_here;
        for (; next != held.end() && *next < first + some.cols(); ++next) {
            held_here.push_back(*next - first);
            passed.valid.col(next - held.begin()) = some.col(held_here.back());
        }
        const Rows bad = not_finite(some);
        for (const Index row : bad) passed.nonfinite.push_back(first + row);
        moments.add(some, united(held_here, bad));
        if (grid) grid->add(some);
    };
    SampleReader reader = end.file->reader(Passes::any, look, end.dataset);
    require(moments.n() > 0, Failure::data, reader.source(), ": no samples are left to train on");
    passed.held = std::move(held);
    passed.shape = reader.shape();
    passed.source = reader.source();
    passed.step = reader.step(1);
    passed.set.dim = reader.dim();
    passed.set.n = reader.n();
    passed.set.moments = moments.moments();
    if (grid) passed.grid = found_grid(*grid, passed.source);
    passed.set.fingerprint = crc32c_text(checksum);
    passed.set.samples = std::make_shared<FileSamples>(end.file, std::move(reader));
    return passed;
}

TrainData StoredEnds::read(const TrainSpec& spec, std::uint64_t seed, Bytes memory,
                           Progress& progress) const {
    TrainData data;
    data.conditions = read_conditions(*x1_.file, spec.condition, data.given);
    look_at_labels(*x1_.file, data.given, data.conditions);
    require_as_many(*x1_.file, data.given, x1_.shape().front());
    auto x1 = pass_over(x1_, hold_out(x1_, spec, seed, 0), spec.dequantize);
    data.shape = x1.shape;
    data.grid = x1.grid;
    data.x1().samples = Matrix(x1.set.dim, 0);
    Rows bad = united(x1.nonfinite, not_finite(data.given));
    x1.set.blocks = x1.blocks(memory);
    if (x0_.file) {
        const bool alike = x0_.shape().front() == x1.set.n;
        auto x0 = pass_over(x0_, alike ? x1.held : hold_out(x0_, spec, seed, 1), 0);
        require_alike(x0.source, x0.set.dim, x1.set.dim);
        if (alike) bad = x0.nonfinite = united(bad, x0.nonfinite);
        x0.leave_out(x0.nonfinite);
        if (!alike) warn_of(x0.source, std::ssize(x0.nonfinite), progress);
        // Pairs stay together in blocks of the same rows.
        x0.set.blocks = spec.coupling.row().independent() ? x0.blocks(memory) : x1.set.blocks;
        data.x0().samples = Matrix(x0.set.dim, 0);
        data.checksums.push_back(x0.set.fingerprint);
        data.x0().valid = std::move(x0.valid);
        data.x0().stored = std::move(x0.set);
    }
    data.checksums.insert(data.checksums.begin(), x1.set.fingerprint);
    x1.leave_out(bad);
    warn_of(x1.source, std::ssize(bad), progress);
    if (data.given.rows() > 0) data.valid_given = data.given(Eigen::all, x1.held);
    data.x1().valid = std::move(x1.valid);
    data.x1().stored = std::move(x1.set);
    return data;
}

}  // namespace si
