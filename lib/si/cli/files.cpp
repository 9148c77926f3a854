#include "si/cli/files.hpp"

#include <algorithm>
#include <filesystem>

#include <sys/stat.h>

#include "si/base/error.hpp"

namespace si::cli {
namespace {

namespace fs = std::filesystem;

bool names_files(const FieldInfo& info) { return info.value.find("FILE") != std::string::npos; }

/// The file behind a spelling that may go on with a dataset. What is not there stays as it is.
std::string without_dataset(const std::string& spelling) {
    std::error_code failed;
    std::string file = spelling;
    while (!fs::exists(file, failed)) {
        const auto colon = file.rfind(':');
        if (colon == std::string::npos || colon == 0) return spelling;
        file.resize(colon);
    }
    return file;
}

/// Whether both are one file of the disk, there already or to be made.
bool same(const std::string& a, const std::string& b) {
    if (a.empty() || b.empty() || a == "-" || b == "-") return false;
    struct stat first {
    }, second{};
    const bool has_first = ::stat(a.c_str(), &first) == 0;
    const bool has_second = ::stat(b.c_str(), &second) == 0;
    if (has_first != has_second) return false;
    if (has_first) {
        return S_ISREG(first.st_mode) && first.st_dev == second.st_dev &&
               first.st_ino == second.st_ino;
    }
    std::error_code failed;
    const auto whole = [&](const std::string& file) {
        return fs::weakly_canonical(fs::absolute(file, failed), failed);
    };
    return whole(a) == whole(b);
}

void add_files(const Json& value, const Option& option, std::vector<NamedFile>& found) {
    if (value.is_array()) {
        for (const Json& one : value) add_files(one, option, found);
    } else if (value.is_string() && names_files(option.info)) {
        found.push_back({option.spelling(), value.get<std::string>()});
    } else if (value.is_object() && option.info.rows != nullptr) {
        for (const RowInfo& row : option.info.rows()) {
            if (value.value("kind", Json()) != row.name) continue;
            for (const FieldInfo& field : row.spec.fields()) {
                const auto at = value.find(field.name);
                if (!names_files(field) || at == value.end() || !at->is_string()) continue;
                found.push_back({option.spelling(), at->get<std::string>()});
            }
        }
    }
}

}  // namespace

void require_different(const std::vector<NamedFile>& outputs,
                       const std::vector<NamedFile>& inputs) {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const NamedFile& output = outputs[i];
        for (std::size_t j = 0; j < i; ++j) {
            require(!same(output.file, outputs[j].file), Failure::usage, output.by, " and ",
                    outputs[j].by, " are one file");
        }
        for (const NamedFile& input : inputs) {
            require(!same(output.file, without_dataset(input.file)), Failure::usage, output.by,
                    " would replace ", input.by, ", ", output.file, "; write to another file");
        }
    }
}

std::vector<NamedFile> files_in(const Option& option) {
    std::vector<NamedFile> found;
    add_files(option.dump(), option, found);
    return found;
}

}  // namespace si::cli
