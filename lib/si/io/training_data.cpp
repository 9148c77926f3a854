#include "si/io/training_data.hpp"

#include "si/io/dataset.hpp"
#include "si/io/model_file.hpp"
#include "si/train/rectify.hpp"

namespace si {
namespace {

struct Ends {
    Samples x1;
    std::optional<Samples> x0;
};

Ends read_ends(const std::string& file) {
    const DataFile opened(file);
    auto x0 = opened.find("x0");
    if (x0 && opened.has("x1")) return {opened.at("x1"), std::move(x0)};
    return {opened.samples(), {}};
}

}  // namespace

void require_dimension(const std::string& source, Index found, Index wanted) {
    require(found == wanted, Failure::data, source, ": samples have ", found,
            found == 1 ? " coordinate" : " coordinates", ", the model has dimension ", wanted);
}

namespace {

TrainData read_sets(const std::string& x1, const std::optional<std::string>& x0,
                    const std::string& valid, std::uint64_t seed) {
    auto ends = read_ends(x1);
    if (x0) ends.x0 = read_samples(*x0);
    TrainData data;
    data.shape = ends.x1.shape;
    data.x1 = std::move(ends.x1.values);
    if (ends.x0) {
        require(ends.x0->dim() == data.x1.rows(), Failure::data, ends.x0->source, ": samples have ",
                ends.x0->dim(), " coordinates, those of the target ", data.x1.rows());
        data.x0 = std::move(ends.x0->values);
    }
    if (const auto fraction = parse_real(valid)) {
        require(*fraction >= 0 && *fraction < 1, Failure::usage,
                "--valid: a fraction must be at least 0 and below 1, is ", *fraction);
        hold_out(data, *fraction, seed);
    } else {
        auto held = read_ends(valid);
        require(held.x1.dim() == data.x1.rows(), Failure::data, held.x1.source, ": samples have ",
                held.x1.dim(), " coordinates, those of the target ", data.x1.rows());
        data.valid1 = std::move(held.x1.values);
        if (data.x0) {
            require(held.x0.has_value(), Failure::data, valid,
                    ": needs /x0 and /x1, as there are two sets of samples");
            data.valid0 = std::move(held.x0->values);
        }
    }
    return data;
}

}  // namespace

TrainData read_training_data(const std::string& x1, const std::optional<std::string>& x0,
                             const TrainSpec& spec, std::uint64_t seed, Threads& threads,
                             Progress& progress) {
    TrainData data = read_sets(x1, x0, spec.valid, seed);
    const auto pairs_of_model = spec.coupling.row().pairs_of_model;
    if (pairs_of_model == nullptr) return data;
    const auto pairs = pairs_of_model(spec.coupling.settings());
    return rectified(read_model(pairs.model), pairs, data, seed, threads, progress);
}

}  // namespace si
