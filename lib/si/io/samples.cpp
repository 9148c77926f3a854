#include "si/io/samples.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <new>

#include "si/base/product.hpp"
#include "si/base/simd.hpp"

namespace si {
namespace {

struct TypeRow {
    std::string_view name;
    Index size;
};

constexpr std::array<TypeRow, 10> kTypes{{{"int8", 1},
                                          {"int16", 2},
                                          {"int32", 4},
                                          {"int64", 8},
                                          {"uint8", 1},
                                          {"uint16", 2},
                                          {"uint32", 4},
                                          {"uint64", 8},
                                          {"float32", 4},
                                          {"float64", 8}}};

constexpr Index kLargestCount = Index{1} << 40;

SI_CLONES Index misfits(const double* values, Index count, double largest) {
    Index bad = 0;
    for (Index i = 0; i < count; ++i) bad += std::abs(values[i]) <= largest ? 0 : 1;
    return bad;
}

}  // namespace

std::string_view to_text(ElementType type) { return kTypes[static_cast<std::size_t>(type)].name; }
Index size_of(ElementType type) { return kTypes[static_cast<std::size_t>(type)].size; }

std::string shape_text(const std::vector<Index>& shape) {
    std::vector<std::string> sizes;
    for (const Index size : shape) sizes.push_back(text(size));
    return join(sizes, " x ");
}

std::string counted(Index n, std::string_view one, std::string_view many) {
    return text(n, " ", n == 1 ? one : many);
}

Index count_of(const std::vector<Index>& shape) {
    const auto count = product_up_to(kLargestCount, shape);
    require(count.has_value(), Failure::data, "too large: ", shape_text(shape));
    return *count;
}

void require_countable(Index n, Index dim) {
    try {
        in_context("-n", [&] { count_of({n, dim}); });
    } catch (const Error& error) {
        throw error.as(Failure::usage);
    }
}

bool FiniteCheck::add(ConstMatrix values, ElementType type) {
    const double largest = type == ElementType::f32 ? std::numeric_limits<float>::max()
                                                    : std::numeric_limits<double>::max();
    dim_ = values.rows();
    const bool packed = values.outerStride() == values.rows();
    if (packed && misfits(values.data(), values.size(), largest) == 0) {
        rows_ += values.cols();
        return bad_ == 0;
    }
    for (Index j = 0; j < values.cols(); ++j, ++rows_) {
        if ((values.col(j).array().abs() <= largest).all()) continue;
        for (Index i = 0; i < values.rows(); ++i) {
            if (std::abs(values(i, j)) <= largest) continue;
            if (bad_++ == 0) row_ = rows_, column_ = i, value_ = values(i, j);
        }
    }
    return bad_ == 0;
}

void FiniteCheck::require_all(Failure kind) const {
    if (bad_ == 0) return;
    const std::string place =
        dim_ == 1 ? text("row ", row_ + 1) : text("row ", row_ + 1, ", column ", column_ + 1);
    require(!std::isfinite(value_), kind, place, " is ", value_, ", which float32 cannot hold");
    throw Error(kind, text(place, " is ", value_, " (", bad_,
                           bad_ == 1 ? " value is" : " values are", " not finite)"));
}

namespace {

constexpr std::array<std::pair<std::string_view, Nonfinite>, 3> kNonfinite{
    {{"no", Nonfinite::refuse}, {"drop", Nonfinite::drop}, {"keep", Nonfinite::keep}}};

}  // namespace

Nonfinite Setting<Nonfinite>::from_text(std::string_view word) {
    for (const auto& [name, meaning] : kNonfinite) {
        if (word == name) return meaning;
    }
    refuse("no, drop or keep", word);
}

Json Setting<Nonfinite>::to_json(Nonfinite v) {
    return kNonfinite.at(static_cast<std::size_t>(v)).first;
}

void drop_nonfinite(const std::string& source, const std::vector<Matrix*>& sets,
                    Progress& progress) {
    const Index n = sets.front()->cols();
    Index kept = 0;
    for (Index j = 0; j < n; ++j) {
        const bool finite = std::all_of(sets.begin(), sets.end(), [&](const Matrix* set) {
            return set->cols() == 0 || set->col(j).allFinite();
        });
        if (!finite) continue;
        for (Matrix* set : sets) {
            if (kept != j && set->cols() > 0) set->col(kept) = set->col(j);
        }
        ++kept;
    }
    if (kept == n) return;
    for (Matrix* set : sets) {
        if (set->cols() > 0) set->conservativeResize(Eigen::NoChange, kept);
    }
    progress.warn(text(source, ": left out ", n - kept,
                       n - kept == 1 ? " sample that is" : " samples that are", " not finite"));
}

void require_finite(ConstMatrix values, Failure kind, ElementType type, Index first) {
    FiniteCheck check;
    check.rows_ = first;
    check.add(values, type);
    check.require_all(kind);
}

void require_representable(ConstMatrix values, Failure kind, ElementType type, Index first) {
    if (type != ElementType::f32) return;
    const Matrix finite = values.array().isFinite().select(values, 0);
    require_finite(finite, kind, type, first);
}

void require_coordinates(const std::string& source, Index found, std::string_view other,
                         Index wanted) {
    require(found == wanted, Failure::data, source, ": samples have ", found,
            found == 1 ? " coordinate" : " coordinates", ", ", other, " ", wanted);
}

Matrix allocate(Index d, Index n) {
    try {
        return Matrix(d, n);
    } catch (const std::bad_alloc&) {
        const double gigabytes = 8e-9 * static_cast<double>(d) * static_cast<double>(n);
        throw Error(Failure::resource, text(n, " samples of ", d, " numbers need ",
                                            rounded(gigabytes, 3), " GB of memory"));
    }
}

}  // namespace si
