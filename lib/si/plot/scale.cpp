#include "si/plot/scale.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "si/base/text.hpp"

namespace si::plot {
namespace {

constexpr double kHuge = 4e307;  // twice this is still finite
constexpr std::size_t kLongest = 8;

std::string printed(const char* format, int digits, double value) {
    std::array<char, 400> buffer{};
    const int length = std::snprintf(buffer.data(), buffer.size(), format, digits, value);
    return {buffer.data(), static_cast<std::size_t>(length)};
}

/// "1.50e+06" as "1.5e6".
std::string trimmed(const std::string& scientific) {
    const auto e = scientific.find('e');
    std::string mantissa = scientific.substr(0, e);
    if (mantissa.find('.') != std::string::npos) {
        mantissa.erase(mantissa.find_last_not_of('0') + 1);
        if (mantissa.back() == '.') mantissa.pop_back();
    }
    return mantissa + "e" + std::to_string(std::stoi(scientific.substr(e + 1)));
}

/// The number of decimals or digits that tells numbers a step apart from each other.
std::string label_of(double value, double step, double largest) {
    if (std::abs(value) < 1e-9 * step) return "0";
    const int digits = static_cast<int>(std::floor(std::log10(step) + 1e-9));
    if (largest < 1e6 && digits >= -5) return printed("%.*f", std::max(0, -digits), value);
    const int leading = static_cast<int>(std::floor(std::log10(std::abs(value)) + 1e-12));
    return trimmed(printed("%.*e", std::clamp(leading - digits, 0, 16), value));
}

double nice_step(double length, int about) {
    const double rough = length / about;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= 0.75 * rough) return factor * power;
    }
    return 10 * power;
}

}  // namespace

void Range::include(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
}

void Range::include(const Eigen::Ref<const Vector, 0, Eigen::InnerStride<>>& values) {
    for (const double value : values) include(value);
}

void Range::include(const Range& other) {
    include(other.low);
    include(other.high);
}

Range Range::padded(double share) const {
    if (empty()) return {-1, 1};
    const double a = std::clamp(low, -kHuge, kHuge), b = std::clamp(high, -kHuge, kHuge);
    const double size = std::max(std::abs(a), std::abs(b));
    if (b - a <= 1e-9 * size || b - a < 1e-290) {
        const double half = std::max(0.05 * size, size == 0 ? 1 : 1e-290);
        return {(a + b) / 2 - half, (a + b) / 2 + half};
    }
    return {a - share * (b - a), b + share * (b - a)};
}

Range Range::padded_decades() const {
    if (empty() || high <= 0) return {0.1, 10};
    const double b = std::min(high, kHuge), a = std::clamp(low, std::max(b * 1e-30, 1e-290), b);
    const double factor = std::max(std::pow(b / a, 0.04), b / a < 1.01 ? 2.0 : 1.0);
    return {a / factor, b * factor};
}

Ticks linear_ticks(const Range& range, int about) {
    const double step = nice_step(range.high - range.low, about);
    const double first = std::ceil(range.low / step - 1e-9);
    Ticks ticks;
    for (double k = first; k * step <= range.high + 1e-9 * step && ticks.each.size() < 64; ++k) {
        ticks.each.push_back({k * step, {}});
    }
    const double largest = std::max(std::abs(range.low), std::abs(range.high));
    const auto label = [&](double offset) {
        std::size_t longest = 0;
        for (Tick& tick : ticks.each) {
            const double reach = offset == 0 ? largest : range.high - range.low;
            tick.label = label_of(tick.at - offset, step, reach);
            longest = std::max(longest, tick.label.size());
        }
        return longest;
    };
    if (label(0) > kLongest && ticks.each.size() > 1) {
        const double offset = ticks.each.front().at;
        label(offset);
        ticks.offset = text(offset < 0 ? "" : "+", short_number(offset, 12));
    }
    return ticks;
}

Ticks decade_ticks(const Range& range, int about) {
    const auto low = static_cast<int>(std::ceil(std::log10(range.low) - 1e-9)),
               high = static_cast<int>(std::floor(std::log10(range.high) + 1e-9));
    Ticks ticks;
    if (high - low < 1) {  // not two powers of ten: 1, 2, 5 and, if that is too little, any step
        for (int power = low - 1; power <= high; ++power) {
            for (const double factor : {1.0, 2.0, 5.0}) {
                const double at = factor * std::pow(10, power);
                if (range.holds(at)) ticks.each.push_back({at, short_number(at)});
            }
        }
        return ticks.each.size() >= 2 ? ticks : linear_ticks(range, about);
    }
    const int every = std::max(1, (high - low + about) / about);
    for (int power = low; power <= high; power += every) {
        const double at = std::pow(10, power);
        ticks.each.push_back({at, power >= -3 && power < 5 ? to_text(at) : text("1e", power)});
    }
    return ticks;
}

std::string short_number(double value, int digits) {
    if (value == 0) return "0";
    if (!std::isfinite(value)) return to_text(value);
    const double size = std::abs(value);
    if (size >= 1e-4 && size < 1e7) {
        std::string plain = printed("%.*g", digits, value);
        if (plain.find('e') == std::string::npos) return plain;
        return printed("%.*f", 0, value);
    }
    return trimmed(printed("%.*e", digits - 1, value));
}

}  // namespace si::plot
