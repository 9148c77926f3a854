#include "parsers.hpp"

#include <array>
#include <memory>

#include <fcntl.h>
#include <hdf5.h>
#include <unistd.h>

#include "scratch.hpp"
#include "si/base/bytes.hpp"
#include "si/flow/transport.hpp"
#include "si/io/checkpoint.hpp"
#include "si/io/csv.hpp"
#include "si/io/dataset.hpp"
#include "si/io/hdf5.hpp"
#include "si/io/json_file.hpp"
#include "si/io/model_file.hpp"
#include "si/io/npy.hpp"
#include "si/net/network.hpp"

namespace si {
namespace {

const Scratch& scratch() {
    static const Scratch folder;
    return folder;
}

std::string in_file(const std::uint8_t* bytes, std::size_t size) {
    return spill(scratch() / "input", {reinterpret_cast<const char*>(bytes), size});
}

std::string as_text(const std::uint8_t* bytes, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
}

template <class Read>
Outcome outcome_of(const Read& read) {
    try {
        read();
        return kRead;
    } catch (const Error&) {
        return kRefused;
    }
}

const Json& identity() {
    static const Json of_run{{"training", 1}};
    return of_run;
}

void read_everything(const DataFile& file) {
    for (const auto& info : file.list()) {
        try {
            if (info.readable) file.at(info.name);
        } catch (const Error&) {
            continue;
        }
    }
    file.attributes();
    file.samples();
}

std::string sealed_file() {
    DataWriter out(scratch() / "seed.h5");
    out.attribute("command", "si-data ring");
    out.attribute("seed", 7);
    out.write("x", Matrix::Random(2, 20), {2}, ElementType::f32);
    out.write("label", std::vector<std::int64_t>(20, 3));
    out.commit();
    return slurp(scratch() / "seed.h5");
}

/// As other programs write: chunks, filters, groups, text, a list of varying length.
std::string strange_file() {
    const auto path = scratch() / "strange.h5";
    const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const std::array<hsize_t, 2> size{30, 3}, chunk{8, 2};
    const hid_t space = H5Screate_simple(2, size.data(), nullptr),
                creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 2, chunk.data());
    H5Pset_shuffle(creation);
    H5Pset_deflate(creation, 1);
    H5Pset_fletcher32(creation);
    const hid_t group = H5Gcreate2(file, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const Matrix x = Matrix::Random(3, 30);
    for (const hid_t where : {file, group}) {
        const hid_t set =
            H5Dcreate2(where, "x", H5T_IEEE_F64BE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
        H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, x.data());
        H5Dclose(set);
    }
    const hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, H5T_VARIABLE);
    const hid_t one = H5Screate(H5S_SCALAR),
                note = H5Acreate2(file, "note", text, one, H5P_DEFAULT, H5P_DEFAULT);
    const char* words = "a note";
    H5Awrite(note, text, &words);
    for (const hid_t id : {note}) H5Aclose(id);
    for (const hid_t id : {space, one}) H5Sclose(id);
    H5Tclose(text), H5Pclose(creation), H5Gclose(group), H5Fclose(file);
    return slurp(path);
}

std::vector<std::string> json_seeds() {
    Model model;
    model.dim = 2;
    model.shape = {2};
    model.transform = Transform::identity(2);
    model.field =
        Json::parse(R"({"kind": "affine", "A": [[0.3, -0.2], [0.1, -0.5]], "c": [0.4, -0.1]})");
    write_model(scratch() / "m.json", model);
    return {slurp(scratch() / "m.json"),
            R"({"format": "si-model", "format_version": [1, 0], "dim": 1,
 "interpolant": {"path": {"kind": "linear"}, "gamma": {"kind": "brownian", "a": 1}},
 "base": {"kind": "mixture", "weights": [1], "means": [[0]], "covariances": [[[1]]]},
 "field": {"kind": "mixture", "weights": [0.5, 0.5], "means": [[-2], [2]],
           "covariances": [[[0.25]], [[0.25]]]}})"};
}

std::string checkpoint_seed() {
    TrainState state;
    state.done = 3, state.steps = 9;
    state.machine.parameters = state.machine.average = state.machine.first = state.machine.second =
        Eigen::VectorXf::LinSpaced(6, -1, 1);
    Progress quiet;
    const auto file = scratch() / "seed.ckpt";
    FileCheckpoints(
        CheckpointSpec{file, {600}, "auto"}, identity(), 0, 0,
        [] { return Checkpoints::Request::none; }, quiet)
        .save(state);
    return slurp(file);
}

}  // namespace

int fuzz_hdf5(const std::uint8_t* bytes, std::size_t size) {
    return outcome_of([&] { read_everything(DataFile(in_file(bytes, size))); });
}

int fuzz_stream(const std::uint8_t* bytes, std::size_t size) {
    int ends[2];
    if (::pipe(ends) != 0) return kFailed;
    const std::shared_ptr<void> closing(nullptr, [&](void*) { ::close(ends[0]); });
    constexpr int kRoom = 1 << 20;
    const bool fits = ::fcntl(ends[1], F_SETPIPE_SZ, kRoom) >= static_cast<int>(size);
    const bool sent = fits && ::write(ends[1], bytes, size) == static_cast<ssize_t>(size);
    ::close(ends[1]);
    if (!sent) return kRefused;  // larger than what a pipe holds
    return outcome_of([&] {
        const DataFile file(text("/dev/fd/", ends[0]));
        const auto reader = file.reader(Passes::one);
        for (Index i = 0; i < reader.n(); ++i) reader.rows(i, 1);
        reader.finish();
    });
}

int fuzz_json(const std::uint8_t* bytes, std::size_t size) {
    return outcome_of([&] { make_field(model_from_json(parse_json(as_text(bytes, size)))); });
}

int fuzz_csv(const std::uint8_t* bytes, std::size_t size) {
    return outcome_of([&] { parse_csv(as_text(bytes, size), "input"); });
}

int fuzz_npy(const std::uint8_t* bytes, std::size_t size) {
    return outcome_of([&] { parse_npy(as_text(bytes, size)); });
}

int fuzz_checkpoint(const std::uint8_t* bytes, std::size_t size) {
    return outcome_of([&] {
        Progress quiet;
        FileCheckpoints(
            CheckpointSpec{in_file(bytes, size), {600}, "yes"}, identity(), 0, 0,
            [] { return Checkpoints::Request::none; }, quiet)
            .resume();
    });
}

int fuzz_spec(const std::uint8_t* bytes, std::size_t size) {
    const std::string word = as_text(bytes, size);
    int refused = 0;
    const auto with = [&](auto from) { refused += outcome_of([&] { from(word); }) == kRefused; };
    with([](const std::string& w) { Choice<networks> a(w); });
    with([](const std::string& w) { Choice<paths> a(w); });
    with([](const std::string& w) { Choice<ode_solvers>(w).make(); });
    with([](const std::string& w) { Setting<Seconds>::from_text(w); });
    with([](const std::string& w) { Setting<Bytes>::from_text(w); });
    with([](const std::string& w) { Setting<std::vector<double>>::from_text(w); });
    with([](const std::string& w) { Setting<std::uint64_t>::from_text(w); });
    constexpr int kAll = 7;
    return refused == kAll ? kRefused : kRead;
}

std::vector<Parser> parsers() {
    hdf5::start();
    const std::vector<std::string> numbers{
        "1e999", "-", "nan", "99999999999999999999", "0x1", "[", "{", "\"", ",", "null"};
    const std::vector<std::string> files{sealed_file(), strange_file()};
    write_npy(scratch() / "a.npy", Matrix::Random(3, 4), {3}, ElementType::f32);
    return {
        {"hdf5", fuzz_hdf5, files, {}, true},
        {"stream", fuzz_stream, files, {}, true},
        {"json", fuzz_json, json_seeds(), numbers},
        {"csv",
         fuzz_csv,
         {"a,b\n1,2\n3,4.5e-3\n", "# x\n1 2\n\n3 4\n", "1\t2\r\n3\t4\r\n"},
         numbers},
        {"npy",
         fuzz_npy,
         {slurp(scratch() / "a.npy")},
         {"'shape': (", "True", "<f8", ">i2", "99999999999"}},
        {"checkpoint", fuzz_checkpoint, {checkpoint_seed()}, numbers},
        {"spec",
         fuzz_spec,
         {"mlp,width=64,depth=3", "linear", "dopri5,rtol=1e-6", "1h30m", "512M", "0.1,0.2:3",
          "1:02:03"},
         numbers},
    };
}

}  // namespace si
