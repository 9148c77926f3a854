#include "si/io/arrival.hpp"

#include <algorithm>
#include <cstring>

#include "si/io/crc32c.hpp"

namespace si {
namespace {

constexpr std::size_t kBlock = 1 << 18;

/// Nothing for what is not numbers in one piece, or is damaged, which its reader will say.
std::optional<Piece> piece_of(hdf5::Id file, const DatasetInfo& info, std::uint64_t size) {
    if (!info.readable || count_of(info.shape) == 0) return {};
    try {
        const auto set = hdf5::open_dataset(file, info.name, size);
        if (!set.place) return {};
        const Index bytes = count_of(set.shape) * size_of(set.type.type);
        return Piece{info.name, *set.place, static_cast<std::uint64_t>(bytes), 0};
    } catch (const Error&) {
        return {};
    }
}

}  // namespace

const Piece* Plan::find(std::uint64_t place) const {
    const auto found = std::find_if(pieces.begin(), pieces.end(),
                                    [&](const Piece& piece) { return piece.place == place; });
    return found == pieces.end() ? nullptr : &*found;
}

std::uint64_t Plan::head() const { return pieces.empty() ? trailer.place : pieces[0].place; }

void Plan::take_trailer(const std::string& bytes) {
    std::vector<std::uint64_t> numbers(bytes.size() / 8);
    std::memcpy(numbers.data(), bytes.data(), 8 * numbers.size());
    require(numbers.at(0) == 1, Failure::data, "damaged: its end was never written");
    checksum = static_cast<std::uint32_t>(numbers.at(1));
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        pieces[i].checksum = static_cast<std::uint32_t>(numbers.at(i + 2));
    }
    const bool small = std::all_of(numbers.begin(), numbers.end(),
                                   [](std::uint64_t number) { return number >> 32 == 0; });
    require(small, Failure::data, "damaged: its checksums are none");
}

Plan plan_of(hdf5::Id file, std::uint64_t size) {
    Plan plan{.end = size};
    bool in_pieces = true;
    for (const auto& info : hdf5::list_datasets(file)) {
        const auto piece = piece_of(file, info, size);
        if (!piece) {
            in_pieces = false;
        } else if (info.name == kTrailer && info.type == "uint64" && info.shape.size() == 1) {
            plan.sealed = true;
            plan.trailer = *piece;
        } else {
            plan.pieces.push_back(*piece);
        }
    }
    std::sort(plan.pieces.begin(), plan.pieces.end(),
              [](const Piece& a, const Piece& b) { return a.place < b.place; });
    if (plan.sealed) {
        std::uint64_t last = 0;
        bool fits = in_pieces && plan.trailer.size == 8 * (plan.pieces.size() + 2);
        for (const Piece& piece : plan.pieces) {
            fits = fits && piece.place >= last;
            last = piece.place + piece.size;
        }
        require(fits && plan.trailer.place >= last, Failure::data, "damaged: its ", kTrailer,
                " is not that of these datasets; if it was changed on purpose, remove that");
    }
    if (!in_pieces) plan.pieces.clear();
    return plan;
}

void require_checksum(std::uint32_t found, std::uint32_t stored) {
    require(found == stored, Failure::data, "damaged: its checksum is ", crc32c_text(found),
            ", should be ", crc32c_text(stored), "; if it was changed on purpose, remove ",
            kTrailer);
}

std::size_t Arrival::pass(char* to, std::size_t size) {
    const auto got = input_->read(to, size);
    if (plan_.sealed) {
        std::string_view bytes(to, got);
        while (!bytes.empty()) {
            // A piece has what comes up to the next one.
            const std::size_t next = sums_.size() - 1;
            const auto end =
                next < plan_.pieces.size() ? plan_.pieces[next].place : plan_.trailer.place;
            if (at_ >= end && next < plan_.pieces.size()) {
                sums_.push_back(0);
                continue;
            }
            const auto some =
                at_ >= end ? bytes.size() : std::min<std::size_t>(bytes.size(), end - at_);
            if (at_ < end) sums_.back() = crc32c(bytes.substr(0, some), sums_.back());
            bytes.remove_prefix(some);
            at_ += some;
        }
        return got;
    }
    at_ += got;
    return got;
}

std::size_t Arrival::read(std::uint64_t place, char* to, std::size_t size) {
    require(place >= at_, Failure::internal, "what arrives is read once and in order");
    std::vector<char> buffer(place > at_ ? kBlock : 0);
    while (at_ < place) {
        const auto some = static_cast<std::size_t>(std::min<std::uint64_t>(kBlock, place - at_));
        if (pass(buffer.data(), some) < some) return 0;
    }
    return pass(to, size);
}

void Arrival::finish() {
    constexpr const char* kCut = "truncated: its end is missing";
    if (plan_.sealed && at_ <= plan_.trailer.place) {
        std::string bytes(plan_.trailer.size, '\0');
        const auto got = read(plan_.trailer.place, bytes.data(), bytes.size());
        require(got == bytes.size(), Failure::data, kCut);
        plan_.take_trailer(bytes);
        in_context("its head", [&] { require_checksum(sums_.at(0), plan_.checksum); });
        for (std::size_t i = 0; i < plan_.pieces.size(); ++i) {
            const Piece& piece = plan_.pieces[i];
            in_context(piece.dataset, [&] { require_checksum(sums_.at(i + 1), piece.checksum); });
        }
    }
    char last = 0;
    require(at_ >= plan_.end || read(plan_.end - 1, &last, 1) == 1, Failure::data, kCut);
    std::vector<char> buffer(kBlock);
    while (pass(buffer.data(), kBlock) > 0) continue;  // so that nobody writes into a closed pipe
}

}  // namespace si
