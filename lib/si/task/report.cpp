#include "si/task/report.hpp"

#include <algorithm>
#include <cmath>

#include "si/flow/transport.hpp"
#include "si/io/dataset.hpp"
#include "si/io/json_file.hpp"
#include "si/io/model_file.hpp"
#include "si/model/sample_conditions.hpp"
#include "si/plot/kinds.hpp"
#include "si/plot/page.hpp"
#include "si/plot/picture.hpp"
#include "si/task/calibration.hpp"
#include "si/task/describe.hpp"
#include "si/task/log_density.hpp"
#include "si/task/source.hpp"
#include "si/task/training_data.hpp"
#include "si/version.hpp"

namespace si {
namespace {

using namespace plot;

std::string shown_value(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_array()) {
        std::vector<std::string> parts;
        for (const Json& one : value) parts.push_back(shown_value(one));
        return join(parts, ", ");
    }
    if (value.is_number_float()) return short_number(value.get<double>(), 5);
    return value.is_object() && value.contains("kind") ? spelled(value) : value.dump();
}

/// Everything that a report is about, and the page that grows.
class Reporter {
  public:
    Reporter(const std::string& model_file, const std::string& data_file, const ReportSpec& spec,
             std::uint64_t seed, Threads& threads, Progress& progress)
        : model_file_(model_file),
          data_file_(data_file),
          spec_(spec),
          seed_(seed),
          threads_(threads),
          progress_(progress),
          document_(read_json(model_file)),
          model_(in_file(model_file, [&] { return model_from_json(document_); })),
          data_(open_source(data_file)),
          page_(text("Report on ", open_name(model_file))) {
        require(data_.samples.has_value(), Failure::data, data_file, ": is no data set");
        require_dimension(data_.samples->source, data_.samples->dim(), model_.dim);
    }

    std::string html() {
        page_.paragraph(
            text("A stochastic interpolant carries a simple density, the base at t = 0, "
                 "to the density of the data at t = 1. This page shows the model ",
                 open_name(model_file_), " beside the samples of ", data_.name, "."));
        card();
        section("Data", [&] { data(); });
        section("Training", [&] { training(); });
        section("Samples beside data", [&] { samples(); });
        const bool scored = section("Cross-entropy", [&] { score(); });
        const bool carried = section("Calibration", [&] { calibration(); }) && model_.one_sided();
        require(spec_.score == 0 || scored || carried, Failure::usage,
                "--score: goes with a model that has a log-density or is one-sided, and ",
                model_file_, " is neither");
        section("The model's arithmetic", [&] { probe(); });
        return page_.html();
    }

  private:
    static std::string open_name(const std::string& file) {
        const auto slash = file.find_last_of('/');
        return slash == std::string::npos ? file : file.substr(slash + 1);
    }

    /// If a section cannot be computed, its place says why, and the result is false.
    template <class Body>
    bool section(const std::string& title, const Body& body) {
        page_.heading(title);
        try {
            body();
            return true;
        } catch (const Error& error) {
            if (error.kind() != Failure::usage && error.kind() != Failure::data) throw;
            page_.remark(text("Not available for this model and these data: ", error.what(), "."));
            return false;
        }
    }

    void card();
    void data();
    void training();
    void samples();
    Matrix said_of_data(const Conditions& conditions, Index n) const;
    void score();
    void calibration();
    void probe();

    /// How many samples are drawn: of images fewer, whose networks take long.
    Index drawn() const { return spec_.n > 0 ? spec_.n : model_.dim > 32 ? 100 : 1000; }
    /// How many of the first rows are evaluated and carried back.
    Index rows() const {
        return std::min(data_.samples->n(), spec_.score > 0 ? spec_.score : drawn());
    }

    std::string model_file_, data_file_;
    const ReportSpec& spec_;
    std::uint64_t seed_;
    Threads& threads_;
    Progress& progress_;
    Json document_;
    Model model_;
    Source data_;
    Page page_;
};

void Reporter::card() {
    page_.heading("Model card");
    std::vector<std::pair<std::string, std::string>> rows;
    const auto add = [&](const std::string& name, const Json& from, const std::string& key) {
        const auto found = from.find(key);
        if (found != from.end() && !found->is_null()) rows.emplace_back(name, shown_value(*found));
    };
    const Json about = describe_model(model_);
    const Json training = model_.about.value("training", Json::object());
    rows.emplace_back("dimension",
                      text(model_.dim, ", samples of shape ", shape_text(model_.shape)));
    add("training samples", about, "samples");
    add("path", about, "path");
    add("latent gamma", about, "gamma");
    add("base", about, "base");
    rows.emplace_back("kind", model_.one_sided() ? "one-sided: from N(0, I) to the data"
                                                 : "between two densities");
    add("field", about, "field");
    add("learned fields", about, "learn");
    add("network", about, "net");
    add("parameters", about, "parameters");
    add("coupling", about, "coupling");
    add("labels", about, "labels");
    add("steps of training", about, "steps_done");
    add("batch", training, "batch");
    add("optimiser", training, "optimizer");
    add("schedule", training, "schedule");
    if (about.contains("best")) {
        add("best validation at step", about["best"], "step");
        add("best validation loss", about["best"], "validation");
    }
    add("can compute", about, "can");
    add("seed", about, "seed");
    add("command", about, "command");
    add("made by", document_, "created_by");
    rows.emplace_back("this page", text("si-tools ", kVersion, ", seed ", seed_));
    page_.table(rows);
}

void Reporter::data() {
    const auto& samples = *data_.samples;
    page_.paragraph(text(samples.n(), " samples of ", samples.dim(),
                         samples.dim() == 1 ? " number." : " numbers each."));
    const auto& row = pictures().at(suitable_picture(data_));
    page_.picture(row.draw(Json::object(), {data_}), text("The data: ", row.summary, "."));
}

void Reporter::training() {
    Source from{open_name(model_file_)};
    if (spec_.training) {
        from = open_source(*spec_.training);
    } else {
        from.model = shown_model(model_);
        const Json history = model_.about.value("history", Json::array());
        if (history.empty()) {
            page_.paragraph(
                "This model has no training history: it was written in closed form or "
                "made by a method without steps.");
            return;
        }
    }
    page_.picture(curves({}, {from}),
                  "Training loss and, dashed, loss on held-out samples. Losses of interpolants are "
                  "negative; lower is better. A good model has a held-out curve that is flat at "
                  "the end. Where that curve rises again the network learns its samples by heart; "
                  "the model keeps the weights of the lowest point.");
}

/// What up to n samples of the data, those that shown() names, are conditioned on; nothing where
/// the data set does not say it.
Matrix Reporter::said_of_data(const Conditions& conditions, Index n) const {
    if (conditions.rows() == 0) return {};
    const DataFile file(data_file_);
    if (conditions.labels > 0 && !file.has("label")) return {};
    if (!conditions.shape.empty() && !file.has("condition")) return {};
    const Matrix all = conditions_of(file, conditions);
    return all(Eigen::all, shown(all.cols(), n));
}

void Reporter::samples() {
    Index n = drawn();
    std::optional<Matrix> start;
    if (spec_.x0) {
        start = read_samples(*spec_.x0).values;
        require_dimension(*spec_.x0, start->rows(), model_.dim);
        n = std::min(n, start->cols());
    }
    const Conditions conditions = make_field(model_)->conditions();
    const Matrix given = said_of_data(conditions, n);
    if (given.rows() > 0) n = given.cols();
    if (start) start->conservativeResize(Eigen::NoChange, n);
    const Trajectories paths =
        follow(model_, {1}, n, seed_, threads_, start ? &*start : nullptr, given);
    const bool labels = conditions.labels > 0;
    std::string under;
    if (given.rows() > 0) {
        under = labels ? ", with the labels of as many samples of the data"
                       : ", under the conditions of as many samples of the data";
    } else if (conditions.rows() > 0) {
        under = labels ? ", without a label" : ", under conditions that are zero";
    }
    Source drawn{"model"};
    drawn.samples = Samples{paths.states.back(), data_.samples->shape, "model"};
    drawn.samples->columns = data_.samples->columns;
    Source real = data_;
    if (given.rows() > 0) {  // row by row of one class
        real.samples->values =
            Matrix(real.samples->values(Eigen::all, shown(real.samples->n(), n)));
    }
    real.name = text("data (", data_.name, ")");
    page_.paragraph(text(drawn.samples->n(),
                         " samples of the model, by its flow with the default solver",
                         start ? ", from the points given" : "", under,
                         ". Data and samples should look alike and be equally varied; scales and "
                         "colours are the same."));
    if (model_.dim > 1) {
        page_.picture(pictures().at(suitable_picture(real)).draw(Json::object(), {real, drawn}),
                      "Data and samples of the model.");
    }
    if (shown_as_images(*real.samples)) return;
    page_.picture(marginals({}, {real, drawn}),
                  "Histograms of each coordinate. Two sets of samples of one density also differ "
                  "by chance; a step in one curve that the other does not have is an error of the "
                  "model. si-eval measures such differences with their standard errors.");
}

void Reporter::score() {
    LogDensitySpec spec;
    const bool large = model_.dim > 32;
    if (large) spec.divergence = Choice<traces>("hutchinson");
    const Index n = data_.samples->n(), parts = (n + rows() - 1) / rows();
    const auto all = log_densities_of_file(
        model_, data_file_, spec, {.seed = seed_, .shard = {1, parts}, .keep = Keep::summary},
        threads_, progress_);
    const Json found = all.front().report();
    page_.paragraph(text(
        "Cross-entropy ", short_number(found.at("cross_entropy").get<double>(), 6), " +- ",
        short_number(found.at("stderr").get<double>(), 2), " nats (one standard error), ",
        short_number(found.at("bits_per_dim").get<double>(), 4), " bits per dimension, over the ",
        parts == 1 ? "" : "first ", found.at("n").get<Index>(), " samples."));
    page_.paragraph(
        "This is the mean of minus the log-density of the model at the samples. On data that were "
        "not used in training its expectation is never below the entropy of the data, and equals "
        "it only for the correct density. Differences between cross-entropies are differences in "
        "Kullback-Leibler divergence. On the training data themselves it is too low.");
    if (large) page_.paragraph("The divergence was estimated with one random probe per sample.");
}

void Reporter::calibration() {
    if (!model_.one_sided()) {
        page_.paragraph(
            "This check needs a one-sided model, whose base is a standard normal. This model joins "
            "two densities.");
        return;
    }
    const auto field = make_field(model_);
    const Columns first{0, rows()};
    const Matrix given =
        columns_of(conditions_of(DataFile(data_file_), field->conditions()), first);
    const Matrix x = measured_points(model_, data_.samples->values.leftCols(first.count), seed_, 0);
    const auto back =
        transport(model_, *field, {},
                  {.x = x, .direction = Direction::backward, .seed = seed_, .given = given},
                  threads_, progress_);
    std::string verdict;
    const Drawing drawing = latent_histograms(back.x, verdict);
    page_.picture(
        drawing,
        "Data carried back to the base, where each coordinate should be N(0, 1). The histograms "
        "show the normal distribution function of each coordinate, which is uniform for a correct "
        "model: flat histograms inside the grey band. If a histogram is high in the middle, the "
        "model is too wide; if it is high at the ends, too narrow; if it has a slope, shifted.");
    page_.paragraph(verdict);
}

void Reporter::probe() {
    if (!document_.contains("probe") || document_["probe"].is_null()) {
        page_.paragraph(
            "This model has no stored probe: its field is in closed form and has no weights that "
            "could be damaged.");
        return;
    }
    const double difference = verify_model(model_file_);
    const bool good = difference <= kProbeTolerance;
    const std::string sentence = text(
        "The file stores a few points with the velocities of the model when it was written. "
        "Computed again on this machine, the velocities differ by ",
        short_number(difference, 2), " of their size; up to ", short_number(kProbeTolerance),
        " is rounding.");
    if (good) {
        page_.paragraph(sentence + " The model is intact.");
    } else {
        page_.remark(sentence + " On this machine the model does not give the stored velocities.");
    }
}

}  // namespace

std::string report(const std::string& model_file, const std::string& data_file,
                   const ReportSpec& spec, std::uint64_t seed, Threads& threads,
                   Progress& progress) {
    return Reporter(model_file, data_file, spec, seed, threads, progress).html();
}

}  // namespace si
