// How near the engine comes to what a core can do: training steps, sampling and likelihoods, as
// fractions of the float32 peak of the same core, measured in the same run.
//
//   bench_engine [--only train,sample,likelihood,start] [--net 64x3,256x4] [--batch 256,2048]
//                [--dim 2,64] [--learn b] [--keys activation=silu] [--precision float32]
//                [--threads N] [--turns N] [--seconds S] [--programs DIR] [--all] [--json FILE]
//
// A network WxD is --net mlp,width=W,depth=D without features of x and t, unless --keys adds some.
// Work and peak loop take turns, by processor time, and the printed ratios are medians over the
// turns with their quartiles, so that neither another user of the core nor its clock has a part
// in them. Operations are those that the networks' products need: forward and gradient of the
// weights once, gradient of the inputs where a layer below has weights. "other" is processor time
// a step less that of the same products run alone.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peak.hpp"
#include "si/density/generator.hpp"
#include "si/flow/likelihood.hpp"
#include "si/flow/transport.hpp"
#include "si/model/network_field.hpp"
#include "si/net/gemm.hpp"
#include "si/random/draw.hpp"
#include "si/train/preparation.hpp"
#include "si/train/stepper.hpp"

using namespace si;

namespace {

struct Options {
    std::vector<std::string> only{"train", "sample", "likelihood"};
    std::vector<std::string> nets{"64x3", "256x4"};
    std::vector<Index> batches{256, 2048}, dims{2};
    std::string learn = "b", keys, precision, programs, json;
    int threads = 1, turns = 9;
    double seconds = 0.05;

    bool wants(const char* what) const {
        return std::find(only.begin(), only.end(), what) != only.end();
    }
};

double median(std::vector<double> values, double at = 0.5) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(at * static_cast<double>(values.size() - 1) + 0.5)];
}

double wall_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// A piece of work, in turns with the peak: processor and wall seconds of one call, and its
/// speed as a fraction of the peak of as many cores as there are threads.
struct Timing {
    double cpu = 0, wall = 0, fraction = 0, low = 0, high = 0;
};

/// Runs the works in turns, each for about `seconds` a turn; `flops` belong to one call.
struct Work {
    std::function<void()> call;
    double flops = 0;
};
std::vector<Timing> alternate(const std::vector<Work>& works, const Options& options) {
    const peak::Kind kind = peak::float32();
    std::vector<long> calls(works.size(), 1);
    std::vector<std::vector<double>> cpu(works.size()), wall = cpu, fraction = cpu;
    for (std::size_t k = 0; k < works.size(); ++k) {  // warm up, and find out how many calls
        works[k].call();
        const double start = wall_seconds();
        long done = 0;
        do works[k].call(), ++done;
        while (wall_seconds() - start < options.seconds);
        calls[k] = done;
    }
    double before = peak::rate(kind);
    for (int turn = 0; turn < options.turns; ++turn) {
        for (std::size_t k = 0; k < works.size(); ++k) {
            const double c = peak::process_seconds(), w = wall_seconds();
            for (long i = 0; i < calls[k]; ++i) works[k].call();
            const auto n = static_cast<double>(calls[k]);
            cpu[k].push_back((peak::process_seconds() - c) / n);
            wall[k].push_back((wall_seconds() - w) / n);
            const double after = peak::rate(kind);
            fraction[k].push_back(works[k].flops / cpu[k].back() / (0.5 * (before + after)));
            before = after;
        }
    }
    std::vector<Timing> result;
    for (std::size_t k = 0; k < works.size(); ++k) {
        result.push_back({median(cpu[k]), median(wall[k]), median(fraction[k]),
                          median(fraction[k], 0.25), median(fraction[k], 0.75)});
    }
    return result;
}

/// One line of the table, and one object of the JSON.
class Table {
  public:
    void row(Json entry, const Timing& timing, double per_call, const char* unit) {
        entry["cpu_seconds"] = timing.cpu;
        entry["wall_seconds"] = timing.wall;
        entry["fraction_of_peak"] = timing.fraction;
        entry["quartiles"] = {timing.low, timing.high};
        std::printf("%-10s %-12s d %-3d %6s %6lld  %9.3f ms  %9.3g %s/s  %5.1f %% [%.1f, %.1f]",
                    entry["task"].get<std::string>().c_str(),
                    entry["net"].get<std::string>().c_str(), entry["dim"].get<int>(),
                    entry.contains("method") ? entry["method"].get<std::string>().c_str() : "batch",
                    entry["size"].get<long long>(), 1e3 * timing.cpu, per_call / timing.cpu, unit,
                    100 * timing.fraction, 100 * timing.low, 100 * timing.high);
        if (entry.contains("products_fraction")) {
            std::printf("  products alone %5.1f %%, other %8.1f us",
                        100 * entry["products_fraction"].get<double>(),
                        1e6 * entry["other_seconds"].get<double>());
        }
        std::printf("\n");
        std::fflush(stdout);
        rows.push_back(std::move(entry));
    }

    Json rows = Json::array();
};

NetworkFieldSpec field_spec(const Options& options, const std::string& net) {
    NetworkFieldSpec spec;
    spec.learn = options.learn;
    if (net == "default") {
        spec.net = Choice<networks>("mlp");
        return spec;
    }
    const auto x = net.find('x');
    spec.net = Choice<networks>(text("mlp,width=", net.substr(0, x), ",depth=", net.substr(x + 1),
                                     ",fourier=0,time_features=0", options.keys.empty() ? "" : ",",
                                     options.keys));
    return spec;
}

/// The matrices of a network, bottom up; the bottom one has no layer below that learns.
struct Layer {
    Index out, in, offset;
    bool above;
};
std::vector<Layer> layers_of(const Graph& graph) {
    std::vector<Layer> layers;
    for (const Tensor& tensor : graph.tensors()) {
        if (tensor.shape.size() == 2) {
            layers.push_back({tensor.shape[0], tensor.shape[1], tensor.offset, !layers.empty()});
        }
    }
    return layers;
}

double forward_flops(const Graph& graph) { return 2 * static_cast<double>(graph.products()); }

double step_flops(const Graph& graph) {
    double flops = 0;
    for (const Layer& layer : layers_of(graph)) {
        flops += static_cast<double>((layer.above ? 6 : 4) * layer.out * layer.in);
    }
    return flops;
}

/// The products of a training step and nothing else, on buffers as a tape has them.
class Products {
  public:
    Products(const Graph& graph, Index batch, Index chunk)
        : layers_(layers_of(graph)), cut_(chunks(batch, chunk)) {
        weights_ = graph.initial(1);
        gradient_ = Eigen::VectorXf::Zero(weights_.size());
        for (const Layer& layer : layers_) {
            packed_.emplace_back(packed_size(layer.out, layer.in));
            below_.emplace_back(MatrixF::Random(layer.in, chunk));
            d_below_.emplace_back(MatrixF::Random(layer.in, chunk));
            above_.emplace_back(MatrixF::Random(layer.out, chunk));
        }
    }

    void operator()() {
        for (std::size_t k = 0; k < layers_.size(); ++k) {
            pack_matrix(own_, layers_[k].out, layers_[k].in, weights_.data() + layers_[k].offset,
                        packed_[k].data());
        }
        for (const Columns& columns : cut_) {
            const Index n = padded(columns.count);
            for (std::size_t k = 0; k < layers_.size(); ++k) {
                multiply(own_, matrix(k), n, below_[k].data(), 0.0F, above_[k].data());
            }
            for (std::size_t k = layers_.size(); k-- > 0;) {
                const auto& l = layers_[k];
                multiply_outer(own_, n, above_[k].data(), below_[k].data(),
                               {l.out, l.in, 0.0F, gradient_.data() + l.offset});
                if (l.above) {
                    multiply_transposed(own_, matrix(k), n, above_[k].data(), 0.0F,
                                        d_below_[k].data());
                }
            }
        }
    }

  private:
    Multiplier<float> matrix(std::size_t k) const {
        const Layer& l = layers_[k];
        return {l.out, l.in, weights_.data() + l.offset, packed_[k].data()};
    }

    std::vector<Layer> layers_;
    std::vector<Columns> cut_;
    const ProductKernels& own_ = chosen_kernels();
    Eigen::VectorXf weights_, gradient_;
    std::vector<Eigen::VectorXf> packed_;
    std::vector<MatrixF> below_, d_below_, above_;
};

TrainData some_data(Index dim) {
    TrainData data;
    data.x1().samples.resize(dim, 20'000);
    fill_normal({7, Purpose::data, 0}, 0, data.x1().samples);
    data.shape = {dim};
    return data;
}

void train(const Options& options, const std::string& net, Index dim, Index batch, Table& table) {
    TrainSpec spec;
    spec.learn = options.learn;
    spec.batch = batch;
    if (!options.precision.empty()) spec.precision = options.precision;
    const auto field = field_spec(options, net);
    spec.net = field.net;
    const auto all = prepare(some_data(dim), InterpolantSpec{}, spec, 1);
    const Graph graph = NetworkField::graph(field, {dim});
    Threads threads(options.threads);
    TrainStepper machine(graph, all->learned, all->source, all->spec, 1, threads);
    const Index passes = machine.passes();
    const Index chunk = machine.chunk_samples() * (passes > std::ssize(all->learned) ? 2 : 1);
    Products products(graph, batch * passes, chunk);
    Index step = 0;
    const double flops = step_flops(graph) * static_cast<double>(batch * passes);
    const auto timing =
        alternate({{[&] { machine.step(step++, 1); }, flops}, {products, flops}}, options);
    table.row({{"task", "train"},
               {"net", net},
               {"dim", dim},
               {"size", batch},
               {"learn", options.learn},
               {"precision", spec.precision},
               {"threads", options.threads},
               {"chunk", chunk},
               {"products_fraction", timing[1].fraction},
               {"other_seconds", timing[0].cpu - timing[1].cpu}},
              timing[0], static_cast<double>(batch), "rows");
}

Model some_model(Index dim) {
    Model model;
    model.dim = dim;
    model.shape = {dim};
    model.transform = Transform::identity(dim);
    return model;
}

/// A flow through a network that was not trained, which takes as long as one that was.
void sample(const Options& options, const std::string& net, Index dim, const char* name,
            const char* method, bool noisy, Table& table) {
    const Model model = some_model(dim);
    auto spec = field_spec(options, net);
    spec.learn = "b";
    const Graph graph = NetworkField::graph(spec, {dim});
    const NetworkField field(spec, model.setup(), {dim}, graph.initial(1));
    TransportSpec how;
    if (noisy) {
        how.sde = Choice<sde_steps>(method);
        how.epsilon = Setting<EpsilonChoice>::from_text("0.5");
    } else {
        how.ode = Choice<ode_solvers>(method);
    }
    Threads threads(options.threads);
    Progress silent;
    const Index n = 1024;
    const Matrix start = draw_base(model, 1, 0, n);
    double evaluations = 0;
    const auto call = [&] {
        const auto result = transport(model, field, how, {.x = start, .seed = 1}, threads, silent);
        evaluations = result.evaluations.cast<double>().sum();
    };
    call();
    const auto timing = alternate({{call, forward_flops(graph) * evaluations}}, options);
    table.row({{"task", "sample"},
               {"net", net},
               {"dim", dim},
               {"method", name},
               {"size", n},
               {"threads", options.threads},
               {"evaluations", evaluations / static_cast<double>(n)}},
              timing[0], static_cast<double>(n), "rows");
}

void likelihood(const Options& options, const std::string& net, Index dim, const char* name,
                const char* divergence, Table& table) {
    const Model model = some_model(dim);
    auto spec = field_spec(options, net);
    spec.learn = "b";
    const Graph graph = NetworkField::graph(spec, {dim});
    const NetworkField field(spec, model.setup(), {dim}, graph.initial(1));
    OdeLogDensitySpec how;
    how.ode = Choice<ode_solvers>("rk4,steps=20");
    how.divergence = Choice<traces>(divergence);
    const double passes = how.divergence.make().probes > 0
                              ? static_cast<double>(how.divergence.make().probes)
                              : static_cast<double>(dim);
    Threads threads(options.threads);
    Progress silent;
    const Index n = dim > 16 ? 64 : 512;
    const Matrix x = draw_base(model, 1, 0, n);
    double evaluations = 0;
    const auto call = [&] {
        const auto scored = ode_log_density(model, field, how, {x}, threads, silent);
        evaluations = scored.evaluations.cast<double>().sum();
    };
    call();
    const auto timing =
        alternate({{call, forward_flops(graph) * evaluations * (1 + passes)}}, options);
    table.row({{"task", "likelihood"},
               {"net", net},
               {"dim", dim},
               {"method", name},
               {"size", n},
               {"threads", options.threads},
               {"evaluations", evaluations / static_cast<double>(n)}},
              timing[0], static_cast<double>(n), "rows");
}

/// `program --version`: wall and processor seconds, and memory.
void start_up(const std::string& program, Json& rows) {
    std::vector<double> wall, cpu, memory;
    for (int turn = 0; turn < 15; ++turn) {
        const double start = wall_seconds();
        const pid_t child = fork();
        if (child == 0) {
            const int null = open("/dev/null", O_WRONLY);
            dup2(null, STDOUT_FILENO);
            execl(program.c_str(), program.c_str(), "--version", nullptr);
            _exit(127);
        }
        int status = 0;
        rusage usage{};
        if (child < 0 || wait4(child, &status, 0, &usage) < 0 || status != 0) {
            std::fprintf(stderr, "cannot run %s\n", program.c_str());
            return;
        }
        wall.push_back(wall_seconds() - start);
        const auto seconds = [](const timeval& t) {
            return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
        };
        cpu.push_back(seconds(usage.ru_utime) + seconds(usage.ru_stime));
        memory.push_back(static_cast<double>(usage.ru_maxrss) / 1024);
    }
    std::printf("start      %s --version: %.1f ms (%.1f ms of processor time), %.1f MiB\n",
                program.c_str(), 1e3 * median(wall), 1e3 * median(cpu), median(memory));
    rows.push_back({{"task", "start"},
                    {"wall_seconds", median(wall)},
                    {"cpu_seconds", median(cpu)},
                    {"mebibytes", median(memory)}});
}

std::vector<std::string> words(const std::string& list) {
    std::vector<std::string> all;
    for (const auto piece : split(list, ',')) all.emplace_back(piece);
    return all;
}

std::vector<Index> numbers(const std::string& list) {
    std::vector<Index> all;
    for (const auto piece : split(list, ',')) all.push_back(parse_integer(piece).value_or(1));
    return all;
}

Options parse(int argc, char** argv) {
    Options o;
    using Set = std::function<void(const std::string&)>;
    const std::map<std::string, Set> settings{
        {"--only", [&](const auto& v) { o.only = words(v); }},
        {"--net", [&](const auto& v) { o.nets = words(v); }},
        {"--batch", [&](const auto& v) { o.batches = numbers(v); }},
        {"--dim", [&](const auto& v) { o.dims = numbers(v); }},
        {"--learn", [&](const auto& v) { o.learn = v; }},
        {"--keys", [&](const auto& v) { o.keys = v; }},
        {"--precision", [&](const auto& v) { o.precision = v; }},
        {"--programs", [&](const auto& v) { o.programs = v; }},
        {"--json", [&](const auto& v) { o.json = v; }},
        {"--threads", [&](const auto& v) { o.threads = std::atoi(v.c_str()); }},
        {"--turns", [&](const auto& v) { o.turns = std::atoi(v.c_str()); }},
        {"--seconds", [&](const auto& v) { o.seconds = std::atof(v.c_str()); }},
    };
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        if (name == "--all") {
            o.nets = {"64x3", "128x4", "256x4", "512x4", "1024x4", "default"};
            o.batches = {256, 2048, 16384};
            o.dims = {2, 64, 784};
            continue;
        }
        const auto setting = settings.find(name);
        if (setting == settings.end() || i + 1 == argc) {
            std::fprintf(stderr, "bench_engine: %s?\n", name.c_str());
            std::exit(64);
        }
        setting->second(argv[++i]);
    }
    return o;
}

}  // namespace

int main(int argc, char** argv) {
    const Options options = parse(argc, argv);
    const auto kind = peak::float32();
    std::vector<double> rates, halves;
    for (int turn = 0; turn < 9; ++turn) {
        rates.push_back(peak::rate(kind));
        if (peak::bf16().run != nullptr) halves.push_back(peak::rate(peak::bf16()));
    }
    std::printf("peak of one core: %.1f GFLOP/s in float32 (%s)", 1e-9 * median(rates), kind.name);
    if (!halves.empty()) std::printf(", %.1f in bf16", 1e-9 * median(halves));
    std::printf("; products by %s, %d thread%s\n", product_library(), options.threads,
                options.threads == 1 ? "" : "s");

    Table table;
    for (const auto& net : options.nets) {
        for (const Index dim : options.dims) {
            if (options.wants("train")) {
                for (const Index batch : options.batches) train(options, net, dim, batch, table);
            }
            if (options.wants("sample")) {
                sample(options, net, dim, "rk4", "rk4,steps=20", false, table);
                sample(options, net, dim, "dopri5", "dopri5", false, table);
                sample(options, net, dim, "sde", "heun,steps=40", true, table);
            }
            if (options.wants("likelihood")) {
                if (dim <= 64) likelihood(options, net, dim, "exact", "exact", table);
                likelihood(options, net, dim, "probe", "hutchinson,probes=1", table);
            }
        }
    }
    if (!options.programs.empty()) start_up(options.programs + "/si-sample", table.rows);
    if (!options.json.empty()) {
        const Json all{{"products", product_library()},
                       {"instructions", kind.name},
                       {"peak_float32", median(rates)},
                       {"peak_bf16", halves.empty() ? Json(nullptr) : Json(median(halves))},
                       {"rows", table.rows}};
        std::ofstream file(options.json);
        file << all.dump(2) << '\n';
        if (!file) {
            std::fprintf(stderr, "cannot write %s\n", options.json.c_str());
            return 73;
        }
    }
    return 0;
}
