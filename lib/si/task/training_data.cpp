#include "si/task/training_data.hpp"

#include <algorithm>
#include <cmath>

#include "si/base/remarks.hpp"
#include "si/density/degenerate.hpp"
#include "si/io/crc32c.hpp"
#include "si/io/model_file.hpp"
#include "si/task/stored_data.hpp"
#include "si/train/rectify.hpp"

namespace si {
namespace {

struct Ends {
    Samples x1;
    std::optional<Samples> x0;
    Matrix given;  ///< what x1 is conditioned on
    Conditions conditions;
    Beside beside1 = {}, beside0 = {};  ///< what counts in the cost of the coupling
    Matrix weight1 = {}, weight0 = {};  ///< (1, n), or empty

    static Matrix weights_of(const DataFile& file, Index n) {
        const auto found = file.weights(n);
        return found ? Matrix(found->transpose()) : Matrix();
    }
};

/// Opens files, and looks after samples that are not finite in what they hold.
struct Reading {
    Nonfinite nonfinite;
    Progress& progress;

    DataFile open(const std::string& name) const {
        DataFile file(name);
        if (nonfinite == Nonfinite::drop) file.let_nonfinite_pass();
        return file;
    }

    /// Two sets of as many samples may be pairs, and are treated so.
    void clean(Ends& ends) const {
        if (nonfinite != Nonfinite::drop) return;
        std::vector<Matrix*> target{&ends.x1.values, &ends.given, &ends.beside1.labels,
                                    &ends.beside1.conditions, &ends.weight1};
        std::vector<Matrix*> start{&ends.beside0.labels, &ends.beside0.conditions, &ends.weight0};
        if (ends.x0) start.push_back(&ends.x0->values);
        const bool pairs = ends.x0 && ends.x0->n() == ends.x1.n();
        if (pairs) target.insert(target.end(), start.begin(), start.end());
        drop_nonfinite(ends.x1.source, target, progress);
        if (ends.x0 && !pairs) drop_nonfinite(ends.x0->source, start, progress);
    }
};

Ends read_ends(const DataFile& opened, const std::vector<std::string>& wanted,
               const BesideCost& cost = {}) {
    Ends ends;
    if (auto x0 = opened.find("x0"); x0 && opened.has("x1")) {
        ends.x1 = opened.at("x1");
        ends.x0 = std::move(x0);
    } else {
        ends.x1 = opened.samples();
    }
    ends.conditions = read_conditions(opened, wanted, ends.given);
    look_at_labels(opened, ends.given, ends.conditions);
    require_as_many(opened, ends.given, ends.x1.n());
    ends.beside1 = read_beside(opened, cost, ends.x1.n());
    ends.weight1 = Ends::weights_of(opened, ends.x1.n());
    return ends;
}

}  // namespace

Grid found_grid(const GridSearch& search, const std::string& source) {
    for (const auto& miss : search.near_misses()) {
        doubt(text(source, ": ", miss, "; it gets no noise of --dequantize"));
    }
    const Grid grid = in_context(source, [&] { return search.found(); });
    std::vector<std::string> columns;
    for (std::size_t i = 0; i < grid.origins.size(); ++i) {
        if (grid.origins[i]) columns.push_back(text(i + 1));
    }
    if (columns.size() < grid.origins.size()) {
        remark(text("--dequantize ", grid.step, ": noise on column",
                    columns.size() > 1 ? "s " : " ", join(columns, ", "),
                    ", whose numbers are whole steps apart; none on the others"));
    }
    return grid;
}

std::string checksum_of(const Matrix& samples) {
    return crc32c_text(crc32c({reinterpret_cast<const char*>(samples.data()),
                               static_cast<std::size_t>(samples.size()) * sizeof(double)}));
}

void look_at_labels(const DataFile& file, const Matrix& given, Conditions& conditions) {
    constexpr Index kFew = 20, kRoom = 1000;
    if (conditions.labels == 0) return;
    std::vector<bool> occurs(static_cast<std::size_t>(conditions.labels), false);
    for (const double label : given.row(0)) occurs[static_cast<std::size_t>(label)] = true;
    const Index found = std::count(occurs.begin(), occurs.end(), true);
    const Index n = given.cols();
    require(n < kFew || found <= n / 2, Failure::data, file.name(), ": /label: ", found, " of ", n,
            " rows have labels that differ, as identifiers have; labels are classes with several "
            "samples each");
    require(conditions.labels <= kRoom + 10 * found, Failure::data, file.name(),
            ": /label: ", found, " labels occur, up to ", conditions.labels - 1,
            "; number them from 0");
    std::vector<std::string> some;
    for (Index label = 0; label < conditions.labels; ++label) {
        if (occurs[static_cast<std::size_t>(label)]) continue;
        conditions.absent.push_back(label);
        if (std::ssize(some) < 8) some.push_back(std::to_string(label));
    }
    if (some.empty()) return;
    doubt(text(file.name(), ": /label: no sample has the label ", join(some, ", "),
               std::ssize(some) < std::ssize(conditions.absent) ? ", ..." : "",
               "; it is not learned, and --label each leaves it out"));
}

double held_out_fraction(double fraction) {
    require(fraction >= 0 && fraction < 1, Failure::usage,
            "--valid: a fraction must be at least 0 and below 1, is ", fraction);
    return fraction;
}

void require_alike(const std::string& source, Index dim, Index wanted) {
    require_coordinates(source, dim, "those of the target", wanted);
}

void require_dimension(const std::string& source, Index found, Index wanted) {
    require_coordinates(source, found, "the model has dimension", wanted);
}

Conditions read_conditions(const DataFile& file, const std::vector<std::string>& wanted,
                           Matrix& given) {
    Conditions conditions;
    std::vector<Samples> parts;
    Index rows = 0;
    const auto take = [&](const char* name) {
        if (std::find(wanted.begin(), wanted.end(), name) == wanted.end()) return false;
        parts.push_back(file.at(name));
        rows += parts.back().dim();
        return true;
    };
    if (take("label")) {
        const Samples& label = parts.front();
        require(label.dim() == 1 && label.n() > 0, Failure::data, label.source,
                ": a label is one number");
        for (Index j = 0; j < label.n(); ++j) {
            const double value = label.values(0, j);
            require(value >= 0 && value < 1e6 && value == std::floor(value), Failure::data,
                    label.source, ": row ", j + 1, " is ", value,
                    "; labels are whole numbers from 0");
        }
        conditions.labels = static_cast<Index>(label.values.maxCoeff()) + 1;
    }
    if (take("condition")) conditions.shape = parts.back().shape;
    given.resize(rows, parts.empty() ? 0 : parts.front().n());
    rows = 0;
    for (const Samples& part : parts) {
        require_as_many(file, given, part.n());
        given.middleRows(rows, part.dim()) = part.values;
        rows += part.dim();
    }
    return conditions;
}

Matrix conditions_of(const DataFile& file, const Conditions& model) {
    std::vector<std::string> wanted;
    if (model.labels > 0) wanted.emplace_back("label");
    if (!model.shape.empty()) wanted.emplace_back("condition");
    Matrix given;
    const Conditions found = read_conditions(file, wanted, given);
    require(found.labels <= model.labels, Failure::data, file.name(), ": a label is ",
            found.labels - 1, ", and the model has ", model.labels);
    if (found.labels > 0) {
        for (const double label : given.row(0)) {
            require(!std::binary_search(model.absent.begin(), model.absent.end(),
                                        static_cast<Index>(label)),
                    Failure::data, file.name(), ": a label is ", label,
                    ", of which the training set had no sample");
        }
    }
    require(found.shape == model.shape, Failure::data, file.name(),
            ": its conditions have another shape than those of the model");
    return given;
}

Beside read_beside(const DataFile& file, const BesideCost& cost, Index n) {
    const auto beside = [&](const char* name) {
        auto found = file.at(name);
        require(found.n() == n, Failure::data, found.source, ": ", found.n(), " rows for ", n,
                " samples");
        return std::move(found.values);
    };
    Beside all;
    if (cost.labels > 0) all.labels = beside("label").topRows(1);
    if (cost.conditions > 0) all.conditions = beside("condition");
    return all;
}

void require_as_many(const DataFile& file, const Matrix& given, Index n) {
    require(given.rows() == 0 || given.cols() == n, Failure::data, file.name(), ": has ",
            given.cols(), " labels or conditions for ", n, " samples");
}

namespace {

/// Held-out samples that are a file of their own. `dim` is that of the target.
void read_held_out(const std::string& valid, const TrainSpec& spec, Index dim,
                   const Reading& reading, TrainData& data) {
    require(beside_cost(spec.coupling).nothing(), Failure::usage,
            "--valid: a file has no labels or conditions of "
            "x0, which count in the coupling; hold out a fraction");
    auto held = read_ends(reading.open(valid), spec.condition);
    reading.clean(held);
    require(held.conditions.labels <= data.conditions.labels &&
                held.conditions.shape == data.conditions.shape,
            Failure::data, valid, ": has other labels or conditions than the training data");
    data.valid_given = std::move(held.given);
    require_alike(held.x1.source, held.x1.dim(), dim);
    data.x1().valid = std::move(held.x1.values);
    data.x1().valid_weight = std::move(held.weight1);
    if (!data.x0().sampled()) return;
    require(held.x0.has_value(), Failure::data, valid,
            ": needs /x0 and /x1, as there are two sets of samples");
    data.x0().valid = std::move(held.x0->values);
}

/// Why samples of a table have no density, told as well; but for what the noise of `grid` mends.
std::vector<std::string> look_at_density(const Samples& samples, const std::optional<Grid>& grid) {
    std::vector<Index> noisy;
    for (std::size_t i = 0; grid && i < grid->origins.size(); ++i) {
        if (grid->origins[i]) noisy.push_back(static_cast<Index>(i));
    }
    const auto found = look_for_degenerate(samples.values, noisy);
    doubt_density(samples.source, found);
    return found.sentences();
}

TrainData read_sets(const DataFile& x1, const DataFile* x0, const TrainSpec& spec,
                    std::uint64_t seed, const Reading& reading) {
    const BesideCost cost = beside_cost(spec.coupling);
    auto ends = read_ends(x1, spec.condition, cost);
    if (x0 != nullptr) {
        ends.x0 = x0->samples();
        ends.beside0 = read_beside(*x0, cost, ends.x0->n());
        ends.weight0 = Ends::weights_of(*x0, ends.x0->n());
    } else {
        require(cost.nothing(), Failure::usage,
                "--coupling: x0 has its own labels and conditions, "
                "in a file of its own: give --x0 FILE");
    }
    reading.clean(ends);
    TrainData data;
    data.shape = ends.x1.shape;
    data.checksums.push_back(checksum_of(ends.x1.values));
    if (ends.x0) data.checksums.push_back(checksum_of(ends.x0->values));
    const bool table = ends.x1.shape.size() == 1;
    if (spec.dequantize > 0) {
        GridSearch search(spec.dequantize, !table);
        search.add(ends.x1.values);
        data.grid = found_grid(search, ends.x1.source);
    }
    if (table) data.no_density = look_at_density(ends.x1, data.grid);
    data.x1().samples = std::move(ends.x1.values);
    data.given = std::move(ends.given);
    data.conditions = ends.conditions;
    if (ends.x0) {
        require_alike(ends.x0->source, ends.x0->dim(), data.dim());
        data.x0().samples = std::move(ends.x0->values);
    }
    if (!cost.nothing()) {
        auto beside = in_context(text(ends.x0->source, ", ", ends.x1.source), [&] {
            return coordinates_beside(ends.beside0, ends.beside1, cost);
        });
        data.x0().beside = std::move(beside[0]);
        data.x1().beside = std::move(beside[1]);
    }
    data.x1().weight = std::move(ends.weight1);
    data.x0().weight = std::move(ends.weight0);
    if (const auto fraction = parse_real(spec.valid)) {
        hold_out(data, held_out_fraction(*fraction), seed);
    } else {
        read_held_out(spec.valid, spec, data.dim(), reading, data);
    }
    draw_by_weight(data, spec.coupling.row().every_row() && !spec.coupling.row().independent());
    return data;
}

}  // namespace

TrainData read_training_data(const std::string& x1, const std::optional<std::string>& x0,
                             const TrainSpec& spec, std::uint64_t seed, Threads& threads,
                             Progress& progress, const TrainFilesSpec& files) {
    require(
        files.allow_nonfinite != Nonfinite::keep, Failure::usage,
        "--allow-nonfinite keep: nothing can be learned from what is not finite; drop leaves it "
        "out");
    const Reading reading{files.allow_nonfinite, progress};
    const auto target = std::make_shared<const DataFile>(reading.open(x1));
    const auto base = x0 ? std::make_shared<const DataFile>(reading.open(*x0)) : nullptr;
    const StoredEnds stored(target, base);
    if (pairs_in_blocks(spec.coupling.row()) && stored.bytes() > files.data_memory.value) {
        target->refuse_weights();
        if (base) base->refuse_weights();
        TrainData data = stored.read(spec, seed, files.data_memory, progress);
        if (!parse_real(spec.valid)) {
            read_held_out(spec.valid, spec, data.dim(), reading, data);
        }
        return data;
    }
    const MadeByModel* made = spec.coupling.row().made_by_model();
    if (made == nullptr) return read_sets(*target, base.get(), spec, seed, reading);
    target->refuse_weights();
    require(spec.condition.empty(), Failure::usage,
            "--condition: pairs that a model makes have no labels or conditions");
    const auto pairs = made->pairs(spec.coupling.settings());
    const Model teacher = read_model(pairs.model);
    require(!x0 || !teacher.base_density(), Failure::usage,
            "--x0: goes with a model in --coupling ", "whose base is known by its samples only; ",
            pairs.model, " draws x0");
    const TrainData data = read_sets(*target, base.get(), spec, seed, reading);
    return rectified(teacher, pairs, data, seed, threads, progress);
}

}  // namespace si
