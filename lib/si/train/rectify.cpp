#include "si/train/rectify.hpp"

#include "si/flow/transport.hpp"

namespace si {

TrainData rectified(const Model& teacher, const PairsOfModel& pairs, const TrainData& data,
                    std::uint64_t seed, Threads& threads, Progress& progress) {
    require(data.x1.rows() == teacher.dim, Failure::data, "samples have ", data.x1.rows(),
            " coordinates, the model of the pairs has dimension ", teacher.dim);
    TransportSpec along;
    along.ode = Choice<ode_solvers>(text("dopri5,rtol=", pairs.rtol, ",atol=", pairs.rtol));
    const auto field = make_field(teacher);
    const bool drawn = teacher.base_density().has_value();
    require(drawn || data.x0, Failure::usage,
            "the base of the pairs' model is known by its samples only; give some with --x0");
    Index first = 0;
    const auto carry = [&](Index n, const std::optional<Matrix>& samples) {
        const Matrix start =
            drawn ? draw_base(teacher, seed, first, n) : teacher.transform.from_data(*samples);
        first += n;
        const auto end =
            transport(teacher, *field, along, {.x = start, .seed = seed}, threads, progress);
        return std::pair{teacher.transform.to_data(start), teacher.transform.to_data(end.x)};
    };
    TrainData made;
    made.shape = data.shape;
    made.teacher = teacher;
    std::tie(made.x0.emplace(), made.x1) =
        carry(pairs.pairs > 0 ? pairs.pairs : data.x1.cols(), data.x0);
    if (data.valid1.cols() > 0) {
        std::tie(made.valid0.emplace(), made.valid1) = carry(data.valid1.cols(), data.valid0);
    }
    return made;
}

}  // namespace si
