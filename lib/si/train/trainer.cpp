#include "si/train/trainer.hpp"

#include <chrono>
#include <cmath>

#include "si/flow/network_field.hpp"
#include "si/net/gemm.hpp"
#include "si/net/tape.hpp"
#include "si/random/draw.hpp"
#include "si/train/batch.hpp"

namespace si {
namespace {

/// Singular targets are kept this far off the ends.
constexpr double kTimeMargin = 1e-4;
/// Partial sums of a gradient: part k of a batch always goes into sum k mod kLanes.
constexpr Index kLanes = 16;
/// Parameters that one thread sums and updates at a time.
constexpr Index kBlock = 1 << 14;

/// Samples that go through the networks together: a function of the batch alone. Small
/// batches are cut finer, so that they still make work for several threads.
Index chunk_samples(Index batch, bool antithetic) {
    const Index columns = std::clamp<Index>(padded((batch + 7) / 8), 64, kChunk);
    return antithetic ? columns / 2 : columns;
}

struct Losses {
    Vector form, square;  ///< per learned field: mean of |f|^2 / 2 - Y f, and of |f - Y|^2
    explicit Losses(Index n) : form(Vector::Zero(n)), square(Vector::Zero(n)) {}
    Losses& operator+=(const Losses& other) {
        form += other.form;
        square += other.square;
        return *this;
    }
};

/// The networks under training and everything that a step needs. The parameters of all
/// networks are one flat vector.
class Machine {
  public:
    Machine(const Graph& graph, std::vector<const Quantity*> learned, const BatchSource& source,
            const TrainSpec& spec, std::uint64_t seed, Threads& threads)
        : graph_(graph),
          learned_(std::move(learned)),
          source_(source),
          spec_(spec),
          threads_(threads) {
        const Index count = std::ssize(learned_);
        for (const Quantity* row : learned_) {
            const bool automatic =
                spec.antithetic == "auto" && wants_antithetic(source.setup, *row);
            antithetic_.push_back(automatic || spec.antithetic == "on");
            any_antithetic_ |= antithetic_.back();
        }
        parameters.resize(graph.parameters() * count);
        for (Index k = 0; k < count; ++k) {
            parameters.segment(k * graph.parameters(), graph.parameters()) =
                graph.initial(seed + static_cast<std::uint64_t>(k));
        }
        average = parameters;
        first_ = Eigen::VectorXf::Zero(parameters.size());
        second_ = first_;
        cut_ = chunks(spec.batch, chunk_samples(spec.batch, any_antithetic_));
        lanes_ = std::min<Index>(kLanes, std::ssize(cut_));
        gradients_.resize(parameters.size(), lanes_);
        update_ = spec.optimizer.make();
        peak_rate_ = spec.optimizer.row().rate(spec.optimizer.settings());
        workers_.resize(static_cast<std::size_t>(threads.count()));
    }

    /// One step (counted from 0) at `fraction` of the peak learning rate.
    Losses step(Index step, double fraction) {
        const Pairs pairs = source_.draw(step, spec_.batch);
        std::vector<Losses> parts(cut_.size(), Losses(std::ssize(learned_)));
        threads_.for_each(lanes_, [&](Index lane, int worker) {
            gradients_.col(lane).setZero();
            for (Index k = lane; k < std::ssize(cut_); k += lanes_) {
                const auto part = static_cast<std::size_t>(k);
                parts[part] = run_chunk(worker, source_, pairs, step, cut_[part], spec_.batch,
                                        false, parameters.data(), gradients_.col(lane).data());
            }
        });
        update(step, fraction);
        return sum_of(parts);
    }

    /// The losses of the averaged weights on `n` samples of `source`.
    Losses evaluate(const BatchSource& source, const Pairs& pairs, Index n) {
        const auto cut = chunks(n, chunk_samples(n, any_antithetic_));
        std::vector<Losses> parts(cut.size(), Losses(std::ssize(learned_)));
        threads_.for_each(std::ssize(cut), [&](Index k, int worker) {
            const auto part = static_cast<std::size_t>(k);
            parts[part] =
                run_chunk(worker, source, pairs, 0, cut[part], n, true, average.data(), nullptr);
        });
        return sum_of(parts);
    }

    Eigen::VectorXf parameters, average;

  private:
    struct Worker {
        std::optional<Tape<float>> tape;
        Batch batch;
        Matrix target;
    };

    static Losses sum_of(const std::vector<Losses>& parts) {
        Losses total = parts.front();
        for (std::size_t k = 1; k < parts.size(); ++k) total += parts[k];
        return total;
    }

    Losses run_chunk(int worker_index, const BatchSource& source, const Pairs& pairs, Index step,
                     Columns columns, Index batch, bool validation, const float* w,
                     float* gradient) {
        Worker& worker = workers_[static_cast<std::size_t>(worker_index)];
        if (!worker.tape) worker.tape.emplace(graph_, kChunk, Tape<float>::Mode::differentiable);
        build_batch(source, pairs, step, columns, batch, any_antithetic_, validation, worker.batch);
        Losses losses(std::ssize(learned_));
        for (std::size_t k = 0; k < learned_.size(); ++k) {
            const Index offset = static_cast<Index>(k) * graph_.parameters();
            float* dw = gradient == nullptr ? nullptr : gradient + offset;
            run_network(worker, source, *learned_[k], antithetic_[k], batch, w + offset, dw,
                        losses.form[static_cast<Index>(k)], losses.square[static_cast<Index>(k)]);
        }
        return losses;
    }

    /// Forward, loss and backward of one network; the gradient is that of the mean over the
    /// batch and the dimensions.
    void run_network(Worker& worker, const BatchSource& source, const Quantity& row,
                     bool antithetic, Index batch, const float* w, float* dw, double& form,
                     double& square) {
        Tape<float>& tape = *worker.tape;
        const Batch& b = worker.batch;
        const Index d = b.xt.rows(), n = b.xt.cols(), signs = antithetic ? 2 : 1,
                    wide = padded(signs * n);
        Eigen::Map<MatrixF> x(tape.input(0), d, wide), seed(tape.seed(), d, wide);
        Eigen::Map<Eigen::RowVectorXf> t(tape.input(1), wide);
        x.leftCols(n) = b.xt.cast<float>();
        t.head(n) = b.t.transpose().cast<float>();
        if (antithetic) {
            x.middleCols(n, n) = b.mirrored.cast<float>();
            t.segment(n, n) = t.head(n);
        }
        x.rightCols(wide - signs * n).setZero();
        t.tail(wide - signs * n).setZero();
        const Eigen::Map<const MatrixF> y(tape.forward(w, wide), d, wide);

        const double weight = 1.0 / static_cast<double>(batch * signs);
        const auto scale = static_cast<float>(weight / static_cast<double>(d));
        for (Index sign = 0; sign < signs; ++sign) {
            build_target(source, row, b, sign == 0 ? 1 : -1, worker.target);
            for (Index j = 0; j < n; ++j) {
                double half_square = 0, error = 0;
                for (Index i = 0; i < d; ++i) {
                    const auto f = static_cast<double>(y(i, sign * n + j));
                    const double goal = worker.target(i, j);
                    half_square += f * (0.5 * f - goal);
                    error += (f - goal) * (f - goal);
                    seed(i, sign * n + j) = static_cast<float>(f - goal) * scale;
                }
                form += weight * half_square;
                square += weight * error;
            }
        }
        if (dw == nullptr) return;
        seed.rightCols(wide - signs * n).setZero();
        tape.backward(w, wide, tape.seed(), dw, false);
    }

    void update(Index step, double fraction) {
        const auto blocks = chunks(parameters.size(), kBlock);
        std::vector<double> squares(blocks.size());
        threads_.for_each(std::ssize(blocks), [&](Index k, int) {
            const Columns& block = blocks[static_cast<std::size_t>(k)];
            std::array<float*, kLanes> parts{};
            for (Index lane = 0; lane < lanes_; ++lane) {
                parts[static_cast<std::size_t>(lane)] = gradients_.col(lane).data() + block.first;
            }
            sum_in_tree(parts.data(), lanes_, block.count);
            squares[static_cast<std::size_t>(k)] = squared_norm(parts[0], block.count);
        });
        double square = 0;
        for (const double part : squares) square += part;
        const double norm = std::sqrt(square);
        require(std::isfinite(norm), Failure::check, "the gradient is not finite at step ",
                step + 1, "; a lower learning rate may help (--optimizer adam,lr=...)");
        const double shrink = spec_.clip > 0 && norm > spec_.clip ? spec_.clip / norm : 1;
        // The average forgets its start quickly.
        const double decay =
            std::min(spec_.ema, static_cast<double>(step + 1) / static_cast<double>(step + 10));
        const UpdateRates rates{step + 1, static_cast<float>(peak_rate_ * fraction),
                                static_cast<float>(shrink),
                                static_cast<float>(spec_.ema > 0 ? decay : 0)};
        threads_.for_each(std::ssize(blocks), [&](Index k, int) {
            const Columns& block = blocks[static_cast<std::size_t>(k)];
            const Index at = block.first;
            update_({block.count, parameters.data() + at, gradients_.data() + at,
                     average.data() + at, first_.data() + at, second_.data() + at},
                    rates);
        });
    }

    const Graph& graph_;
    std::vector<const Quantity*> learned_;
    const BatchSource& source_;
    const TrainSpec& spec_;
    Threads& threads_;
    std::vector<bool> antithetic_;
    bool any_antithetic_ = false;
    Eigen::VectorXf first_, second_;
    std::vector<Columns> cut_;
    Index lanes_ = 1;
    MatrixF gradients_;  // (parameters, lanes)
    Update update_;
    double peak_rate_ = 0;
    std::vector<Worker> workers_;
};

Vector mean_of(const Matrix& x) { return x.rowwise().mean(); }

Vector variance_of(const Matrix& x, const Vector& mean) {
    return (x.colwise() - mean).array().square().rowwise().mean();
}

/// One set of data is whitened coordinate by coordinate. Two are brought to a common centre and
/// one common scale, so that distances between them keep their meaning.
Transform standardization(const TrainData& data, const TrainSpec& spec) {
    const Index d = data.x1.rows();
    if (spec.standardize == "none") return Transform::identity(d);
    const double w = spec.dequantize;
    const Vector mean1 = (mean_of(data.x1).array() + w / 2).matrix();
    const Vector variance1 = (variance_of(data.x1, mean_of(data.x1)).array() + w * w / 12).matrix();
    Transform transform = Transform::identity(d);
    if (data.x0) {
        const Vector mean0 = mean_of(*data.x0);
        const double variance = (variance1 + variance_of(*data.x0, mean0)).mean() / 2;
        transform.shift = (mean0 + mean1) / 2;
        if (variance > 0) transform.scale.setConstant(std::sqrt(variance));
    } else {
        transform.shift = mean1;
        for (Index i = 0; i < d; ++i) {  // a constant coordinate keeps its scale
            if (variance1[i] > 0) transform.scale[i] = std::sqrt(variance1[i]);
        }
    }
    return transform;
}

void check_data(const TrainData& data) {
    const Index d = data.x1.rows();
    const auto same = [&](const Matrix& x, std::string_view name) {
        require(x.size() == 0 || x.rows() == d, Failure::data, name, " has ", x.rows(),
                " coordinates, the training data have ", d);
    };
    require(data.x1.cols() >= 2, Failure::data, "training needs at least 2 samples, there are ",
            data.x1.cols());
    same(data.valid1, "the held-out data");
    if (data.x0) same(*data.x0, "x0");
    if (data.valid0) same(*data.valid0, "the held-out x0");
}

/// Decides the number of steps from the pace of the first ones.
class Clock {
  public:
    Clock(double limit, Index fixed, Index steps)
        : limit_(limit),
          start_(now()),
          from_(std::min<Index>(20, fixed / 2)),
          plan_at_(fixed),
          steps_(steps) {}

    Index steps() const { return steps_; }
    bool over() const { return limit_ > 0 && now() - start_ > limit_; }

    void after(Index done) {
        if (limit_ <= 0) return;
        if (done == from_) paced_from_ = now();
        if (done != plan_at_ || done >= steps_) return;
        const double pace = (now() - paced_from_) / static_cast<double>(done - from_);
        const double left = 0.95 * limit_ - (now() - start_);  // the rest covers what is uneven
        const auto more = static_cast<Index>(std::max(left, 0.0) / std::max(pace, 1e-9));
        steps_ = std::min(steps_, std::max(done + more, done + 1));
    }

  private:
    static double now() {
        using clock = std::chrono::steady_clock;
        return std::chrono::duration<double>(clock::now().time_since_epoch()).count();
    }
    double limit_, start_, paced_from_ = 0;
    Index from_, plan_at_, steps_;
};

/// The held-out samples as a batch source, with fixed pairs, times and noise.
struct Validation {
    BatchSource source;
    Pairs pairs;
    Index size = 0;

    /// Few held-out samples are used several times, at different t and z; of many, the first.
    void take(Index n1, Index n0, bool independent) {
        constexpr Index kLeast = 4096, kMost = 8192;
        size = n1 < kLeast ? (kLeast + n1 - 1) / n1 * n1 : std::min(n1, kMost);
        for (Index i = 0; i < size; ++i) {
            pairs.x1.push_back(i % n1);
            // A shift that grows from one round to the next keeps x0 and x1 apart.
            if (n0 > 0) pairs.x0.push_back(independent ? (i + i / n1 + n0 / 2) % n0 : i % n0);
        }
    }
};

Matrix without(const Matrix& x, const std::vector<Index>& rows) { return x(Eigen::all, rows); }

}  // namespace

void hold_out(TrainData& data, double fraction, std::uint64_t seed) {
    const auto split = [&](Matrix& x, Matrix& held, std::uint32_t set) {
        const Index n = x.cols();
        const auto count =
            std::min<Index>(static_cast<Index>(fraction * static_cast<double>(n)), 10'000);
        const Permutation order({seed, Purpose::split, set}, n);
        std::vector<Index> kept, out;
        for (Index i = 0; i < n; ++i) (i < count ? out : kept).push_back(order(i));
        held = without(x, out);
        x = without(x, kept);
    };
    // Sets of equal size may be paired, so they are split alike.
    const bool alike = data.x0 && data.x0->cols() == data.x1.cols();
    split(data.x1, data.valid1, 0);
    if (data.x0) {
        data.valid0.emplace();
        split(*data.x0, *data.valid0, alike ? 0 : 1);
    }
}

Model train(const TrainData& data, const InterpolantSpec& interpolant, TrainSpec spec,
            std::uint64_t seed, TrainLimits limits, Threads& threads, Progress& progress) {
    check_data(data);
    Model model;
    model.dim = data.x1.rows();
    model.shape = data.shape;
    model.interpolant = interpolant;
    if (data.x0) model.base = "samples";
    model.transform = standardization(data, spec);
    const Setup setup = model.setup();
    const auto learned = parse_learned(spec.learn);

    const Matrix x1 = model.transform.from_data(data.x1);
    const Matrix x0 = data.x0 ? model.transform.from_data(*data.x0) : Matrix();
    const Matrix valid1 =
        data.valid1.size() > 0 ? model.transform.from_data(data.valid1) : Matrix();
    const Matrix valid0 = data.valid0 ? model.transform.from_data(*data.valid0) : Matrix();

    BatchSource source;
    source.setup = setup;
    source.x1 = &x1;
    source.x0 = data.x0 ? &x0 : nullptr;
    source.draw = spec.coupling.make(CouplingData{x0.cols(), x1.cols(), seed});
    source.time = spec.time.make();
    const auto range = regular_times(setup, learned, kTimeMargin);
    source.first_time = range[0];
    source.last_time = range[1];
    if (spec.dequantize > 0) source.dequantize = spec.dequantize / model.transform.scale.array();
    source.seed = seed;

    const bool independent = spec.coupling.row().independent;
    Validation validation{source, {}, 0};
    validation.source.x1 = &valid1;
    validation.source.x0 = data.x0 ? &valid0 : nullptr;
    if (valid1.cols() > 0) validation.take(valid1.cols(), valid0.cols(), independent);

    NetworkFieldSpec field{.learn = spec.learn, .net = spec.net, .mean0 = {}, .mean1 = {}};
    if (independent) {
        const auto as_list = [](const Vector& v) {
            return std::vector<double>(v.begin(), v.end());
        };
        const Vector noise =
            source.dequantize.size() > 0 ? Vector(source.dequantize / 2) : Vector::Zero(model.dim);
        field.mean1 = as_list(mean_of(x1) + noise);
        field.mean0 = as_list(data.x0 ? mean_of(x0) : Vector::Zero(model.dim));
    }
    const Graph graph = NetworkField::graph(field, model.dim);
    Machine machine(graph, learned, source, spec, seed, threads);
    const Schedule schedule = spec.schedule.make();
    Clock clock(limits.max_seconds, schedule.fixed, spec.steps);

    Json history = Json::array();
    double best = std::numeric_limits<double>::infinity(), held_out = best, running = 0,
           running_weight = 0;
    Index best_step = 0, done = 0;
    while (done < clock.steps() && !clock.over()) {
        const Losses losses = machine.step(done, schedule.factor(done, clock.steps()));
        ++done;
        running += 0.02 * (losses.form.sum() - running);
        running_weight += 0.02 * (1 - running_weight);
        std::vector<std::pair<std::string_view, double>> figures{
            {"loss", running / running_weight}};
        const bool last = done == clock.steps() || clock.over();
        if (validation.size > 0 && (done % spec.valid_interval == 0 || last)) {
            const Losses scores =
                machine.evaluate(validation.source, validation.pairs, validation.size);
            held_out = scores.form.sum();
            if (held_out < best) {
                best = held_out;
                best_step = done;
                model.parameters = machine.average;
            }
        }
        clock.after(done);
        if (std::isfinite(held_out)) figures.emplace_back("validation", held_out);
        const Report report{"train", done, clock.steps(), "steps", figures};
        progress.update(report);
        if (done % spec.valid_interval == 0 || last) {
            progress.record(report);
            Json entry = {{"step", done}, {"loss", running / running_weight}};
            if (std::isfinite(held_out)) entry["validation"] = held_out;
            history.push_back(std::move(entry));
        }
    }
    if (best_step == 0) model.parameters = machine.average;
    if (done < clock.steps()) {
        progress.warn(text("the time was up after ", done, " of ", clock.steps(),
                           " steps; the learning rate had not come down"));
    }
    if (best_step > 0 && best_step < done - done / 5) {
        progress.note(text("held-out loss was best at step ", best_step, " of ", done,
                           "; those weights are kept"));
    }

    spec.steps = clock.steps();
    model.field = Json{{"kind", "network"}};
    model.field.update(write_spec(field));
    model.about["training"] = write_spec(spec);
    model.about["seed"] = Setting<std::uint64_t>::to_json(seed);
    model.about["samples"] = data.x1.cols();
    model.about["steps_done"] = done;
    if (best_step > 0) model.about["best"] = {{"step", best_step}, {"validation", best}};
    model.about["history"] = std::move(history);
    return model;
}

}  // namespace si
