#pragma once

#include "si/bridge/network_methods.hpp"

// The max-min of arXiv:2303.08797 (section 3.4) with networks for u and for the path.

namespace si {

struct MaxMinSpec : LearningSpec {
    Index modes = 4;
    double path_rate = 2e-4;

    MaxMinSpec() { steps = 8000; }
    static constexpr auto fields() {
        return std::tuple_cat(LearningSpec::fields(),
                              std::tuple{field("modes", &MaxMinSpec::modes,
                                               "Number of sines that bend the path", kPositive),
                                         field("path_rate", &MaxMinSpec::path_rate,
                                               "Largest learning rate of the network that bends "
                                               "the path; 0 keeps the initial path",
                                               kNonNegative)});
    }

    static GoesWithTable goes_with() {
        return {{"modes", "path_rate above 0",
                 [](const Asked& asked) { return asked.value("path_rate") > 0; }}};
    }
};

/// Bends a path between independent x0 and x1 until its action, half of the integral of
/// E|b + epsilon s|^2 with gamma^2 = 2 epsilon t (1 - t) = sigma^2 t (1 - t), is least: then b and
/// s are those of the Schroedinger bridge (Theorem 3.11). The inner problem learns v and eta of the
/// path as it is, and with them u = v + (gamma' - epsilon / gamma) eta; the outer one follows
///
///     dA = -E[(u - tau) . (du/dx) dI - u . d(dI/dt)],
///     tau = dI/dt + (gamma' - epsilon / gamma) z,
///
/// which has no derivative of u by the networks of the inner problem, which is at its optimum.
/// The first tenth of the steps and the last quarter leave the path alone.
/// about["bridge"]["actions"] has means of |u|^2 / 2 over twentieths of the run, in the units of
/// the data; they are above the action of the path as long as u is learned roughly.
Model max_min_bridge(const MaxMinSpec& spec, const BridgeTask& task, Threads& threads,
                     Progress& progress);

}  // namespace si
