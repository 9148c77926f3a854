#include "si/task/picture.hpp"

#include "si/io/atomic_file.hpp"
#include "si/task/source.hpp"

namespace si {

GoesWithTable PictureSpec::goes_with() {
    return {{"scale", "--output in PNG or PGM; in SVG there are no pixels", [](const Asked& asked) {
                 return !asked.value("output").get_ref<const std::string&>().ends_with(".svg");
             }}};
}

void draw_picture(const std::vector<std::string>& files, const PictureSpec& spec,
                  const std::string& output) {
    const auto& format = plot::picture_format(output);
    std::vector<plot::Source> sources;
    for (const auto& file : files) sources.push_back(open_source(file));
    const auto kind = spec.kind.value_or(suitable_picture(sources.front()));
    const auto drawing = kind.row().draw(kind.settings(), sources);
    write_file(output, format.encode(drawing, spec.scale, plot::theme_called(spec.theme)),
               Content::binary);
}

}  // namespace si
