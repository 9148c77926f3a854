#include "si/task/bridge.hpp"

#include <algorithm>
#include <cmath>

#include "si/base/lists.hpp"
#include "si/density/degenerate.hpp"
#include "si/io/model_file.hpp"
#include "si/task/training_data.hpp"

namespace si {
namespace {

std::vector<std::int64_t> as_integers(const std::vector<Index>& rows) {
    return {rows.begin(), rows.end()};
}

void require_alike(const Samples& x0, const Samples& x1) {
    require_coordinates(x1.source, x1.dim(), "those of " + x0.source, x0.dim());
}

/// Throws unless the covariance of samples has full rank.
void require_regular(const Samples& samples, std::string_view method) {
    auto found = look_for_degenerate(samples.values);
    found.repeated = 0;  // which says nothing of the rank
    require(found.none(), Failure::data, samples.source, ": ", join(found.sentences(), "; "),
            "; --method ", method,
            " needs a covariance of full rank, and lightsb, sinkhorn and "
            "networks do not");
}

/// The truth that a pair file was drawn from; none for files that say nothing of it.
std::optional<KnownBridge> known_bridge(const std::string& file) {
    std::optional<std::string> truth, epsilon, seed;
    for (const auto& [name, value] : DataFile(file).attributes()) {
        if (name == "truth") truth = value;
        if (name == "epsilon") epsilon = value;
        if (name == "seed") seed = value;
    }
    if (!truth || !epsilon || !seed) return {};
    return in_file(file, [&] {
        return Choice<truths>(*truth).make(Setting<double>::from_text(*epsilon),
                                           Setting<std::uint64_t>::from_text(*seed));
    });
}

/// One side of a coupling, with what stands beside its samples as far as that counts.
struct Coupled {
    Samples samples;
    Beside beside;
    Vector weights;  ///< empty where they do not count

    static Coupled read(const std::string& spelling, const CoupleSpec& spec) {
        const DataFile file(spelling);
        Coupled side{file.samples(), {}, {}};
        const Index n = side.samples.n();
        side.beside = read_beside(file, spec, n);
        if (!spec.weights) return side;
        const auto found = file.at("weight");
        require(found.n() == n, Failure::data, found.source, ": ", found.n(), " rows for ", n,
                " samples");
        require(found.dim() == 1, Failure::data, found.source, ": has ", found.dim(),
                " columns; --weights takes one weight per sample");
        side.weights = found.values.row(0).transpose();
        return side;
    }

    std::vector<Index> rows(Index n) const {
        return in_file(samples.source, [&] {
            return weights.size() > 0 ? in_proportion(weights, n)
                                      : in_proportion(Vector::Ones(samples.n()), samples.n());
        });
    }

    /// Points whose squared distance is twice the cost, as often as `rows` says.
    Matrix points(const Matrix& coordinates, const std::vector<Index>& rows) const {
        Matrix x(samples.dim() + coordinates.rows(), samples.n());
        x.topRows(samples.dim()) = samples.values;
        if (coordinates.rows() > 0) x.bottomRows(coordinates.rows()) = coordinates;
        return x(Eigen::all, rows);
    }

    /// Throws Failure::data for the first row, if any, whose square overflows.
    void require_squares() const {
        for (Index j = 0; j < samples.n(); ++j) {
            const auto row = samples.values.col(j);
            require(std::isfinite(row.squaredNorm()), Failure::data, samples.source, ": row ",
                    j + 1, " has a coordinate of ", row.cwiseAbs().maxCoeff(),
                    ", whose square is no finite number; take another unit");
        }
    }
};

/// The plan, and where it has no finite costs, the row because of which.
Matching made(const Choice<plans>& plan, const WholeSets& sets, const Coupled& start,
              const Coupled& end) {
    try {
        return plan.make(sets);
    } catch (const Error& error) {
        if (error.kind() == Failure::data) {
            start.require_squares();
            end.require_squares();
        }
        throw;
    }
}

}  // namespace

BridgeNoise NoiseSpec::noise() const {
    require(sigma.has_value() != epsilon.has_value(), Failure::usage,
            sigma ? "--sigma and --epsilon exclude each other: epsilon is sigma^2"
                  : "how much noise? Give --sigma S, or --epsilon E (= sigma^2)");
    return {sigma ? *sigma * *sigma : *epsilon};
}

BridgeNoise BridgeSpec::noise() const {
    return method.row().noiseless ? BridgeNoise{0} : NoiseSpec::noise();
}

GoesWithTable BridgeSpec::goes_with() {
    std::vector<std::string> noiseless;
    for (const BridgeRow& row : bridge_methods()) {
        if (row.noiseless) noiseless.emplace_back(row.name);
    }
    const std::string company =
        text("a method that has noise, not with --method ", join(noiseless, ", "));
    constexpr auto noisy = [](const Asked& asked) {
        const Json& kind = asked.value("method").at("kind");
        return !bridge_methods().at(kind.get_ref<const std::string&>()).noiseless;
    };
    return {{"sigma", company, noisy},
            {"epsilon", company, noisy},
            {"method.pool", "pairs that the method makes, not with --pairs",
             [](const Asked& asked) { return asked.value("pairs") == false; }}};
}

BridgeTask read_task(const std::string& x0, const std::string& x1, const BridgeSpec& spec,
                     std::uint64_t seed) {
    const auto noise = spec.noise();
    auto start = read_samples(x0), end = read_samples(x1);
    require_alike(start, end);
    // Pairs that a method has no use for are refused before.
    if (spec.method.row().regular && !spec.pairs) {
        for (const Samples* one : {&start, &end}) require_regular(*one, spec.method.kind());
    } else if (end.shape.size() == 1) {
        for (const Samples* one : {&start, &end}) {
            doubt_density(one->source, look_for_degenerate(one->values));
        }
    }
    return {std::move(start.values), std::move(end.values), end.shape, noise, spec.pairs, seed};
}

Json couple(const std::string& x0, const std::string& x1, const CoupleSpec& spec,
            const std::string& output, const Provenance& provenance, Threads& threads,
            Progress& progress) {
    const auto start = Coupled::read(x0, spec), end = Coupled::read(x1, spec);
    require_alike(start.samples, end.samples);
    const auto beside = in_context(text(start.samples.source, ", ", end.samples.source), [&] {
        return coordinates_beside(start.beside, end.beside, spec);
    });
    const Index most = std::max(start.samples.n(), end.samples.n());
    const auto rows0 = start.rows(most), rows1 = end.rows(most);
    const Matrix y0 = start.points(beside[0], rows0), y1 = end.points(beside[1], rows1);
    const WholeSets sets{y0, y1, provenance.seed, threads};
    auto matching = made(spec.plan, sets, start, end);
    for (Index& i : matching.x0) i = rows0[static_cast<std::size_t>(i)];
    for (Index& j : matching.x1) j = rows1[static_cast<std::size_t>(j)];
    if (!matching.converged) {
        progress.warn(text("Sinkhorn's iteration did not converge: the marginals were off by ",
                           rounded(matching.marginal_error, 3), " after ", matching.iterations,
                           " iterations, before they were made exact; more of them are allowed "
                           "by --plan sinkhorn,iterations=N, and a larger epsilon takes fewer"));
    }
    const auto halves = cost_of_halves(spec.plan, sets);
    if (halves && !halves->converged) {
        progress.warn("bias: plans of halves of the sets did not converge, so it is less certain");
    }
    Json report{{"plan", spelled(spec.plan.json())},
                {"n0", start.samples.n()},
                {"n1", end.samples.n()},
                {"pairs", matching.x0.size()},
                {"cost", finite_or_null(matching.cost)},
                {"bias", halves ? finite_or_null(halves->cost - matching.cost) : Json()},
                {"spread", matching.spread},
                {"duality_gap", matching.gap},
                {"iterations", matching.iterations},
                {"marginal_error", matching.marginal_error}};
    if (spec.labels > 0) {
        Index differ = 0;
        for (std::size_t k = 0; k < matching.x0.size(); ++k) {
            const double from = start.beside.labels(0, matching.x0[k]),
                         to = end.beside.labels(0, matching.x1[k]);
            differ += from != to ? 1 : 0;
        }
        report["labels_differ"] =
            static_cast<double>(differ) / static_cast<double>(matching.x0.size());
    }
    DataWriter out(output);
    out.attribute("command", provenance.command);
    out.attribute("seed", provenance.seed);
    out.attribute("report", report.dump());
    out.write("x0", start.samples.values(Eigen::all, matching.x0), start.samples.shape);
    out.write("x1", end.samples.values(Eigen::all, matching.x1), end.samples.shape);
    out.write("index0", as_integers(matching.x0));
    out.write("index1", as_integers(matching.x1));
    out.commit();
    return report;
}

void draw_paths(const std::string& model_file, const DrawSpec& spec, const std::string& command,
                std::uint64_t seed, const std::string& output, Threads& threads) {
    const Model model = read_model(model_file);
    const auto field = make_field(model);
    require(field->known().plan != nullptr, Failure::usage, model_file,
            ": has no plan in closed form; si-sample runs it");
    const auto& file = spec.backward ? spec.x1 : spec.x0;
    require(file && !(spec.backward ? spec.x0 : spec.x1), Failure::usage,
            spec.backward ? "--backward needs --x1 FILE, and no --x0"
                          : "where do paths start? Give --x0 FILE, or --backward --x1 FILE");
    const auto direction = spec.backward ? Direction::backward : Direction::forward;
    const Matrix start = model.transform.from_data(read_for(model, *file).values);
    TransportSpec along;
    along.sampler = Choice<samplers>("plan");
    along.trajectory = spec.trajectory;
    Progress silent;
    const auto paths = transport(
        model, *field, along, {.x = start, .direction = direction, .seed = seed}, threads, silent);
    write_transported(output, model, along, direction, paths, {.command = command, .seed = seed});
}

void write_pair(const std::string& file, const Choice<truths>& truth, const PairSpec& spec,
                const std::string& command, std::uint64_t seed) {
    const KnownBridge known = truth.make(spec.epsilon, seed);
    const Index d = known.start.dim();
    Matrix x0(d, spec.n), x1(d, spec.n), other(d, spec.n);
    known.sample(seed, 0, 0, x0, other);
    known.sample(seed, 1, 0, other, x1);
    DataWriter out(file);
    out.attribute("command", command);
    out.attribute("seed", seed);
    out.attribute("truth", spelled(truth.json()));
    out.attribute("epsilon", text(spec.epsilon));
    out.write("x0", x0, {d});
    out.write("x1", x1, {d});
    out.commit();
}

Json bench_bridge(const std::string& model_file, const std::string& pair,
                  const BridgeBenchSpec& spec, std::uint64_t seed, Threads& threads,
                  Progress& progress) {
    const Model model = read_model(model_file);
    if (const auto truth = known_bridge(pair)) {
        require_dimension(pair, truth->start.dim(), model.dim);
        return bench_against(model, *truth, spec, seed, threads, progress);
    }
    const auto x0 = read_samples(pair + ":/x0"), x1 = read_samples(pair + ":/x1");
    require_alike(x0, x1);
    require_dimension(pair, x0.dim(), model.dim);
    return bench_between(model, x0.values, x1.values, spec, seed, threads, progress);
}

}  // namespace si
