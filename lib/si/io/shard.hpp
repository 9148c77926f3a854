#pragma once

#include <string>
#include <vector>

#include "si/base/spec.hpp"
#include "si/base/threads.hpp"
#include "si/io/dataset.hpp"

// A part of a job that several processes share. What a sample becomes depends on its number in
// the whole, so the parts joined are the bytes of one process that does it all.

namespace si {

/// Part `index` of `count`, counting from 1: "2/8".
struct Shard {
    Index index = 1, count = 1;

    bool whole() const { return count == 1; }
    /// Its rows of n: as even as can be, in order, without gaps. Throws Failure::usage when some
    /// parts would have none.
    Columns of(Index n) const;
    friend bool operator==(const Shard&, const Shard&) = default;
};

/// "I/N"; "auto" is the place of a Slurm array job, from SLURM_ARRAY_TASK_ID, _MIN, _MAX and
/// _COUNT.
template <>
struct Setting<Shard> {
    static std::string value() { return "I/N|auto"; }
    static Shard from_text(std::string_view word);
    static Shard from_json(const Json& node) { return from_text(exactly<std::string>(node)); }
    static Json to_json(const Shard& v) { return text(v.index, "/", v.count); }
};

struct ShardSpec {
    Shard shard;
    static constexpr auto fields() {
        return std::tuple{field("shard", &ShardSpec::shard,
                                "Compute part I of N of the samples, counting from 1; si-data "
                                "merge joins the files of all parts")};
    }
};

/// Says in a file which part of `n` rows it holds; nothing for the whole.
void write_shard(DataWriter& out, const Shard& shard, Index n);

/// Joins the files of all parts of a job, in whatever order they are named, into the file that one
/// process would have written. Throws Failure::data when a part is missing, is there twice, has
/// other rows than it should have, or comes from another command or seed.
void merge_shards(const std::vector<std::string>& files, const std::string& to);

}  // namespace si
