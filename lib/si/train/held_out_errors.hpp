#pragma once

#include "si/base/json.hpp"
#include "si/base/threads.hpp"
#include "si/solver/sde.hpp"
#include "si/train/preparation.hpp"

// Errors of learned fields estimated from held-out samples, without an exact field.

namespace si {

/// Estimates E|b^ - b|^2 and E|s^ - s|^2 of a trained model at ten times, from held-out samples.
///
/// With the residual r = Y - f^(t, x_t) of a regression target Y, E[r|x_t] = f - f^. Residuals of
/// different samples are independent given their places, so for neighbours i and j in space the
/// mean of r_i . r_j estimates |f - f^|^2 there, without knowing f. What varies within a
/// neighbourhood is lost, so estimates are low where samples are sparse; their ratio, which is
/// what epsilon = sqrt(E|b^ - b|^2 / E|s^ - s|^2) needs, suffers less. Negative estimates are
/// noise around zero, and are 0 here.
///
/// Throws Failure::usage when the model has no score or nothing was held out.
FieldErrors estimate_errors(const Preparation& trained, Threads& threads);

/// The root mean square, for one coordinate, of the error of E[x0|x_t] at t = 0, where it is x0:
/// for models that magnify it. Nothing for others, and where the conditions are not in memory.
std::optional<double> start_error(const Preparation& trained);

}  // namespace si
