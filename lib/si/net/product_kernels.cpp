#include "si/net/product_kernels.hpp"

#include <array>
#include <cstdlib>

#include "si/base/error.hpp"

namespace si {

#if defined(__x86_64__)
extern const ProductKernels kAvx512Bf16Products, kAvx512Products, kAvx2Products;
#endif
extern const ProductKernels kBaselineProducts;

namespace {

constexpr std::array kAll {
#if defined(__x86_64__)
    &kAvx512Bf16Products, &kAvx512Products, &kAvx2Products,
#endif
        &kBaselineProducts
};

const ProductKernels& choose() {
    const char* wanted = std::getenv("SI_ISA");
    std::string names;
    for (const ProductKernels* row : kAll) {
        if (row->precision != Precision::float32 || !row->available()) continue;
        if (wanted == nullptr || std::string_view(wanted) == row->name) return *row;
        names += text(names.empty() ? "" : ", ", row->name);
    }
    throw Error(Failure::config, text("SI_ISA=", wanted, ": this processor has ", names));
}

}  // namespace

std::span<const ProductKernels* const> product_kernels() { return kAll; }

const ProductKernels& chosen_kernels(Precision precision) {
    if (precision == Precision::float32) {
        static const ProductKernels& chosen = choose();
        return chosen;
    }
    for (const ProductKernels* row : kAll) {
        if (row->precision == precision && row->available()) return *row;
    }
    throw Error(Failure::usage,
                "--precision bf16 needs a processor with AVX-512 BF16 instructions; this one has "
                "none. Use float32");
}

}  // namespace si
