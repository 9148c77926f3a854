#pragma once

#include <optional>
#include <string>
#include <vector>

#include "si/base/goes_with.hpp"
#include "si/plot/picture.hpp"

// A picture of files: what si-plot draws.

namespace si {

struct PictureSpec {
    std::optional<Choice<pictures>> kind;
    std::string theme = "auto";
    double scale = 2;

    static constexpr auto fields() {
        return std::tuple{
            field("kind", &PictureSpec::kind,
                  "Kind of picture; by default the kind that suits the first file"),
            field("theme", &PictureSpec::theme,
                  "light draws dark lines on white, dark draws light lines on black; auto is "
                  "light, and in SVG follows the viewer",
                  one_of(plot::theme_names)),
            field("scale", &PictureSpec::scale, "Pixels per unit, in PNG and PGM", kPositive)};
    }

    static GoesWithTable goes_with();
};

/// Draws the files on common scales into `output`, in the format that its name says. Throws
/// Failure::usage for another name, and as open_source() and the kind that is drawn.
void draw_picture(const std::vector<std::string>& files, const PictureSpec& spec,
                  const std::string& output);

}  // namespace si
