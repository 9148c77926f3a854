#include "si/io/export.hpp"

#include <doctest/doctest.h>

#include "si/base/error.hpp"
#include "si/io/npy.hpp"
#include "si/io/protobuf.hpp"
#include "si/io/zip.hpp"

using namespace si;

// What other programs read of all this is looked at in tests/interop.

TEST_CASE("an archive holds the published check value of its checksum") {
    Zip zip;
    zip.add("a", "123456789");
    CHECK(zip.finish().substr(14, 4) == "\x26\x39\xF4\xCB");  // 0xCBF43926
}

TEST_CASE("a zip archive of stored files has its parts where it says") {
    Zip zip;
    zip.add("a", "xyz");
    zip.add("bc", "");
    const std::string file = zip.finish();
    CHECK(file.size() == (30 + 1 + 3) + (30 + 2) + (46 + 1) + (46 + 2) + 22);
    CHECK(file.substr(0, 4) == "PK\x03\x04");
    CHECK(file.substr(30, 4) == "axyz");
    CHECK(file.substr(66, 4) == "PK\x01\x02");  // the directory, after both files
    CHECK(file[file.size() - 6] == 66);
    CHECK(file[file.size() - 12] == 2);
    Zip again;
    again.add("a", "xyz");
    again.add("bc", "");
    CHECK(again.finish() == file);
}

TEST_CASE("messages in the wire format, by the examples of its manual") {
    CHECK(Message().integer(1, 150).bytes() == "\x08\x96\x01");
    CHECK(Message().text(2, "testing").bytes() == "\x12\x07testing");
    CHECK(Message().message(3, Message().integer(1, 150)).bytes() == "\x1a\x03\x08\x96\x01");
    CHECK(Message().integer(16, 0).bytes() == std::string("\x80\x01\x00", 3));
    CHECK(Message().number(1, 1.0F).bytes() == std::string("\x0d\x00\x00\x80\x3f", 5));
}

TEST_CASE("heads of arrays of any rank") {
    CHECK(npy_header("<f4", {}).find("'shape': (), }") != std::string::npos);
    CHECK(npy_header("<f4", {3}).find("'shape': (3,), }") != std::string::npos);
    CHECK(npy_header("<f4", {3, 4}).find("'shape': (3, 4), }") != std::string::npos);
    CHECK(npy_header("|u1", {100}).size() % 64 == 0);
}

TEST_CASE("every form of export refuses a model without tensors") {
    Model model;
    for (const ExportRow& row : exports()) CHECK_THROWS_AS(row.make(model), Error);
}
