#include "si/train/rectify.hpp"

#include "si/flow/transport.hpp"

namespace si {

TrainData rectified(const Model& teacher, const PairsOfModel& pairs, const TrainData& data,
                    std::uint64_t seed, Threads& threads, Progress& progress) {
    require(data.dim() == teacher.dim, Failure::data, "samples have ", data.dim(),
            " coordinates, the model of the pairs has dimension ", teacher.dim);
    TransportSpec along;
    along.ode = Choice<ode_solvers>(text("dopri5,rtol=", pairs.rtol, ",atol=", pairs.rtol));
    const auto field = make_field(teacher);
    const bool drawn = teacher.base_density().has_value();
    require(drawn || data.x0().sampled(), Failure::usage,
            "the base of the pairs' model is known by its samples only; give some with --x0");
    Index first = 0;
    const auto carry = [&](Index n, const Matrix& samples) {
        const Matrix start =
            drawn ? draw_base(teacher, seed, first, n) : teacher.transform.from_data(samples);
        first += n;
        const auto end =
            transport(teacher, *field, along, {.x = start, .seed = seed}, threads, progress);
        return std::pair{teacher.transform.to_data(start), teacher.transform.to_data(end.x)};
    };
    TrainData made;
    made.shape = data.shape;
    made.teacher = teacher;
    std::tie(made.x0().samples, made.x1().samples) =
        carry(pairs.pairs > 0 ? pairs.pairs : data.x1().samples.cols(), data.x0().samples);
    if (data.x1().valid.cols() > 0) {
        std::tie(made.x0().valid, made.x1().valid) = carry(data.x1().valid.cols(), data.x0().valid);
    }
    return made;
}

}  // namespace si
