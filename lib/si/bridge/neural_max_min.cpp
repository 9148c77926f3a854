#include "si/bridge/neural_max_min.hpp"

#include <cmath>
#include <numeric>

#include "si/bridge/bent_path.hpp"
#include "si/bridge/network_parts.hpp"
#include "si/net/gemm.hpp"
#include "si/train/session.hpp"

namespace si {
namespace {

constexpr Index kMostSamples = 128;  // of a chunk, each with z and -z
// The path is bent in this part of the steps: first its velocity is learned, and so it is at last.
constexpr double kFirst = 0.1, kLast = 0.75;

class MaxMinTraining {
  public:
    MaxMinTraining(const MaxMinSpec& spec, const CommonUnits& common, std::uint64_t seed,
                   Threads& threads);

    /// One step of the inner and one of the outer problem. The estimate of the action before it.
    double round(Index step);

    Model model() { return session_.model(); }

  private:
    struct Worker {
        Batch batch;
        Matrix uniform;
        Vector t;
        std::optional<Tape<float>> v, eta;
        Matrix drift, pull, push;  // of both signs; the sums over them
        Matrix start, end;
    };

    void bend(Index step, bool averaged);
    double improve(Index step, double fraction);
    Eigen::Map<const MatrixF> run(const Batch& batch, std::optional<Tape<float>>& tape,
                                  const Weights<float>& weights) const;
    double answer(Worker& worker);

    const MaxMinSpec& spec_;
    const CommonUnits& common_;
    Threads& threads_;
    TrainSpec training_;
    std::uint64_t seed_;
    DrawPairs draw_;
    Session session_;  // of v and eta
    Weights<float> v_, eta_;
    BentPath path_;
    Update update_;
    Index first_, last_;  // steps that bend the path
    Pairs own_;           // sample j of the batch is column j of what is prepared
    Matrix x0_, x1_;      // what they are bent from
    std::vector<Columns> cut_;
    MatrixF gradients_;  // of the path, of each chunk
    std::vector<double> actions_;
    std::vector<Worker> workers_;
};

/// Room for a batch, which is another one at each step.
TrainData one_batch(const CommonUnits& common, Index batch) {
    TrainData data;
    data.shape = common.data.shape;
    data.x0().samples = data.x1().samples = Matrix::Zero(common.data.dim(), batch);
    return data;
}

MaxMinTraining::MaxMinTraining(const MaxMinSpec& spec, const CommonUnits& common,
                               std::uint64_t seed, Threads& threads)
    : spec_(spec),
      common_(common),
      threads_(threads),
      training_(training(spec, "v,eta", {{"kind", "paired"}})),
      seed_(seed),
      session_(one_batch(common, spec.batch), brownian(common.epsilon), training_, seed, threads),
      v_(session_.graph()),
      eta_(session_.graph()),
      path_(common.data.dim(), *training_.net, spec.modes, seed + 2, threads.count()),
      update_(training_.optimizer->make()),
      first_(static_cast<Index>(kFirst * static_cast<double>(spec.steps))),
      last_(static_cast<Index>(kLast * static_cast<double>(spec.steps))),
      workers_(static_cast<std::size_t>(threads.count())) {
    const auto &x0 = common.data.x0().samples, &x1 = common.data.x1().samples;
    draw_ = Choice<couplings>("independent")
                .make(CouplingData{.ends = {{x0.cols(), &x0}, {x1.cols(), &x1}}, .seed = seed});
    std::vector<Index> own(static_cast<std::size_t>(spec.batch));
    std::iota(own.begin(), own.end(), Index{0});
    own_ = Pairs(own, own);
    cut_ = chunks(spec.batch,
                  std::min({kMostSamples, path_.together(),
                            std::max<Index>(1, session_.graph().columns_together(kChunk) / 2)}));
    gradients_.resize(path_.parameters(), std::ssize(cut_));
    actions_.resize(cut_.size());
}

/// Draws pairs for the step, and puts the ends of the tangents of the paths between them where the
/// machine takes its samples from.
void MaxMinTraining::bend(Index step, bool averaged) {
    const Pairs pairs = draw_(step, spec_.batch);
    x0_ = common_.data.x0().samples(Eigen::all, pairs.x0().rows);
    x1_ = common_.data.x1().samples(Eigen::all, pairs.x1().rows);
    path_.take(averaged);
    Preparation& all = session_.prepared();
    threads_.for_each(std::ssize(cut_), [&](Index k, int w) {
        const Columns& c = cut_[static_cast<std::size_t>(k)];
        Worker& worker = workers_[static_cast<std::size_t>(w)];
        draw_times(all.source, {seed_, Purpose::time, static_cast<std::uint32_t>(step)}, c,
                   spec_.batch, worker.uniform, worker.t);
        path_.tangents(w, worker.t, x0_.middleCols(c.first, c.count),
                       x1_.middleCols(c.first, c.count),
                       all.x0().samples.middleCols(c.first, c.count),
                       all.x1().samples.middleCols(c.first, c.count));
    });
}

/// What a network makes of a chunk, z and then -z, on a tape of its own.
Eigen::Map<const MatrixF> MaxMinTraining::run(const Batch& batch, std::optional<Tape<float>>& tape,
                                              const Weights<float>& weights) const {
    const Index d = batch.xt.rows(), n = batch.xt.cols();
    const Graph& graph = session_.graph();
    if (!tape) {
        tape.emplace(graph, graph.columns_together(kChunk), Tape<float>::Mode::differentiable);
    }
    const Index wide = fill_inputs(*tape, batch.t, batch.xt, batch.mirrored);
    Eigen::Map<MatrixF>(tape->seed(), d, wide).rightCols(wide - 2 * n).setZero();
    return Eigen::Map<const MatrixF>(tape->forward(weights, wide), d, 2 * n);
}

/// Fills pull and push with what a chunk of paths is asked to do, z and -z together, and returns
/// the sum of |u|^2 / 2 over it.
double MaxMinTraining::answer(Worker& worker) {
    const Batch& b = worker.batch;
    const Index d = b.xt.rows(), n = b.xt.cols();
    const auto v = run(b, worker.v, v_), eta = run(b, worker.eta, eta_);
    Eigen::Map<MatrixF> of_v(worker.v->seed(), d, 2 * n), of_eta(worker.eta->seed(), d, 2 * n);
    worker.drift.resize(d, 2 * n);
    double action = 0;
    for (Index j = 0; j < 2 * n; ++j) {
        const double t = b.t[j % n], sign = j < n ? 1 : -1;
        const double noise = -std::sqrt(common_.epsilon * t / (1 - t));  // gamma' - epsilon / gamma
        const Vector drift = v.col(j).cast<double>() + noise * eta.col(j).cast<double>();
        const Vector tau = b.x1().col(j % n) - b.x0().col(j % n) + sign * noise * b.z.col(j % n);
        action += drift.squaredNorm() / 2;
        worker.drift.col(j) = drift;
        of_v.col(j) = (drift - tau).cast<float>();
        of_eta.col(j) = (noise * (drift - tau)).cast<float>();
    }
    const auto pull_back = [&](Tape<float>& tape, const Weights<float>& weights) {
        const Index wide = std::min(padded(2 * n), tape.capacity());
        tape.backward(weights, wide, tape.seed(), nullptr, true);
        return Eigen::Map<const MatrixF>(tape.d_input(0), d, 2 * n);
    };
    const MatrixF pulled = pull_back(*worker.v, v_) + pull_back(*worker.eta, eta_);
    const double share = 1 / static_cast<double>(2 * spec_.batch);
    worker.pull = -share * (pulled.leftCols(n) + pulled.rightCols(n)).cast<double>();
    worker.push = share * (worker.drift.leftCols(n) + worker.drift.rightCols(n));
    return action;
}

/// The outer problem, on the batch of the step.
double MaxMinTraining::improve(Index step, double fraction) {
    const float* parameters = session_.stepper().parameters().data();
    v_.set(parameters);
    eta_.set(parameters + session_.graph().parameters());
    threads_.for_each(std::ssize(cut_), [&](Index k, int w) {
        const Columns& c = cut_[static_cast<std::size_t>(k)];
        Worker& worker = workers_[static_cast<std::size_t>(w)];
        build_batch(session_.prepared().source, own_,
                    {.step = step, .columns = c, .batch = spec_.batch, .antithetic = true},
                    worker.batch);
        actions_[static_cast<std::size_t>(k)] = answer(worker);
        if (fraction <= 0) return;
        worker.start.resizeLike(worker.batch.xt);
        worker.end.resizeLike(worker.batch.xt);
        path_.tangents(w, worker.batch.t, x0_.middleCols(c.first, c.count),
                       x1_.middleCols(c.first, c.count), worker.start, worker.end);
        path_.gradient(w, worker.batch.t, worker.pull, worker.push, gradients_.col(k).data());
    });
    if (fraction > 0) {
        for (Index k = 1; k < gradients_.cols(); ++k) gradients_.col(0) += gradients_.col(k);
        const double norm = std::sqrt(squared_norm(gradients_.data(), gradients_.rows()));
        require(std::isfinite(norm), Failure::check, "the path is not finite at step ", step + 1,
                "; a lower path_rate may help");
        path_.update(gradients_.data(),
                     update_rates(training_, step - first_, spec_.path_rate * fraction, norm),
                     update_);
    }
    return std::accumulate(actions_.begin(), actions_.end(), 0.0) /
           static_cast<double>(2 * spec_.batch);
}

double MaxMinTraining::round(Index step) {
    bend(step, step >= last_);
    session_.step(step, own_);
    const bool free = step >= first_ && step < last_;
    return improve(step, free ? session_.schedule().factor(step - first_, last_ - first_) : 0);
}

}  // namespace

Model max_min_bridge(const MaxMinSpec& spec, const BridgeTask& task, Threads& threads,
                     Progress& progress) {
    const CommonUnits common(task);
    const double unit = common.transform.scale[0] * common.transform.scale[0];
    MaxMinTraining training(spec, common, task.seed, threads);
    const Index every = std::max<Index>(1, spec.steps / 20);
    Json actions = Json::array();
    double sum = 0;
    for (Index step = 0; step < spec.steps; ++step) {
        sum += unit * training.round(step);
        const bool whole = (step + 1) % every == 0;
        if (whole) {
            actions.push_back(sum / static_cast<double>(every));
            sum = 0;
        }
        const double action = actions.empty() ? NAN : actions.back().get<double>();
        const Report report{"train", step + 1, spec.steps, "steps", {{"action", action}}};
        progress.update(report);
        if (whole) progress.record(report);
    }
    Model model = training.model();
    model.about["bridge"] = {{"actions", std::move(actions)}};
    return in_data_units(std::move(model), common);
}

}  // namespace si
