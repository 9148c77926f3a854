#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "scratch.hpp"
#include "si/io/dataset.hpp"

// Data sets on their way through a pipe.

using namespace si;

namespace {

/// A pipe that holds a small data set without anybody at its other end.
struct Pipe {
    Pipe() {
        REQUIRE(::pipe(ends) == 0);
        ::fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        ::close(ends[0]);
        if (ends[1] >= 0) ::close(ends[1]);
    }
    std::string name(int end) const { return text("/dev/fd/", ends[end]); }
    void send(const std::string& bytes) {
        REQUIRE(::write(ends[1], bytes.data(), bytes.size()) == std::ssize(bytes));
        seal();
    }
    void seal() { ::close(std::exchange(ends[1], -1)); }
    std::string rest() {
        seal();
        std::string bytes(1 << 20, '\0');
        std::size_t used = 0;
        for (ssize_t got = 1; got > 0; used += static_cast<std::size_t>(got)) {
            got = ::read(ends[0], bytes.data() + used, bytes.size() - used);
        }
        bytes.resize(used);
        return bytes;
    }
    int ends[2] = {-1, -1};
};

const Matrix kX = Matrix::Random(3, 500);
const std::vector<std::int64_t> kLabels(500, 4);

/// In whatever order numbers come.
void write_parts(const std::string& file, bool labels_first) {
    DataWriter out(file);
    out.attribute("seed", 1);
    out.promise("x", 500, {3}, ElementType::f32);
    out.promise("y", 500, {3});
    out.promise("label", 500, {}, ElementType::i64);
    if (labels_first) out.append("label", kLabels);
    for (const Index first : {0, 200, 400}) {
        const Index count = first == 400 ? 100 : 200;
        out.append("y", kX.middleCols(first, count));
        out.append("x", kX.middleCols(first, count));
    }
    if (!labels_first) out.append("label", kLabels);
    out.commit();
}

std::string whole(const Scratch& scratch) {
    DataWriter out(scratch / "whole.h5");
    out.attribute("seed", 1);
    out.write("x", kX, {3}, ElementType::f32);
    out.write("y", kX, {3});
    out.write("label", kLabels);
    out.commit();
    return slurp(scratch / "whole.h5");
}

std::string streaming(const std::string& bytes, const std::string& dataset = "") {
    Pipe pipe;
    pipe.send(bytes);
    return failure([&] {
        const DataFile file(pipe.name(0) + dataset);
        const auto reader = file.reader(Passes::one);
        Matrix all(reader.dim(), reader.n());
        for (Index i = 0; i < reader.n(); i += 100) all.middleCols(i, 100) = reader.rows(i, 100);
        reader.finish();
        if (dataset == ":/y" && all != kX) throw Error(Failure::check, "other numbers");
    });
}

}  // namespace

TEST_CASE("parts in any order give the bytes of the whole, in a file and through a pipe") {
    const Scratch scratch;
    const auto expected = whole(scratch);
    for (const bool first : {false, true}) {
        write_parts(scratch / "parts.h5", first);
        CHECK(slurp(scratch / "parts.h5") == expected);
        Pipe pipe;
        write_parts(pipe.name(1), first);
        CHECK(pipe.rest() == expected);
    }
    CHECK(scratch.count() == 2);
}

TEST_CASE("what was promised is written, no more and no less") {
    const Scratch scratch;
    DataWriter out(scratch / "x.h5");
    out.promise("x", 3, {2});
    CHECK(failure([&] { out.append("z", Matrix::Zero(2, 1)); }) == "70 z: was not promised");
    CHECK(failure([&] { out.append("x", Matrix::Zero(2, 4)); }) == "70 x: more than was promised");
    out.append("x", Matrix::Zero(2, 2));
    CHECK(failure([&] { out.promise("y", 3, {}); }) == "70 y: comes after the numbers");
    CHECK(failure([&] { out.commit(); }) == "70 /x: less than was promised");
}

TEST_CASE("a stream is read as it arrives; cut or changed anywhere, it is refused") {
    const Scratch scratch;
    const auto bytes = whole(scratch);
    CHECK(streaming(bytes) == "no error");
    CHECK(streaming(bytes, ":/y") == "no error");
    CHECK(streaming(bytes, ":/label") == "no error");
    for (std::size_t size = 0; size < bytes.size(); size += size < 2500 ? 97 : 1009) {
        CAPTURE(size);
        CHECK(streaming(bytes.substr(0, size)).starts_with("65 "));
    }
    for (std::size_t place = 8; place < bytes.size(); place += place < 2500 ? 101 : 1013) {
        CAPTURE(place);
        auto changed = bytes;
        changed[place] = static_cast<char>(changed[place] ^ 4);
        CHECK(streaming(changed).starts_with("65 "));
    }
}

TEST_CASE("numbers of a stream that are not finite are named and counted as in a file") {
    const Scratch scratch;
    auto bytes = whole(scratch);
    const auto place = bytes.find(std::string(reinterpret_cast<const char*>(kX.data()), 8));
    REQUIRE(place != std::string::npos);
    for (const std::size_t number : {std::size_t{3 * 450 + 1}, std::size_t{3 * 16 + 1}}) {
        bytes.replace(place + 8 * number, 8, std::string("\0\0\0\0\0\0\xf8\x7f", 8));
    }
    CHECK(
        streaming(bytes, ":/y").ends_with("/y: row 17, column 2 is nan (2 values are not finite)"));
}
