#include "si/plot/page.hpp"

#include "si/base/text.hpp"

namespace si::plot {
namespace {

constexpr std::string_view kLayout = R"(:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;
color:#1c232b;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.2rem;border-bottom:1px solid #9aa3ad}
table{border-collapse:collapse}th,td{text-align:left;vertical-align:top;padding:.15rem 1rem .15rem 0;
overflow-wrap:anywhere}th{font-weight:600;white-space:nowrap}
figure{margin:1rem 0}figcaption,.remark{font-size:.92rem}.remark{border-left:4px solid #c94f00;
padding-left:.7rem}svg{max-width:100%;height:auto}
@media (prefers-color-scheme:dark){body{color:#e6eaee;background:#12161b}}
)";

}  // namespace

void Page::heading(const std::string& words) { body_ += text("<h2>", escaped(words), "</h2>\n"); }

void Page::paragraph(const std::string& words) { body_ += text("<p>", escaped(words), "</p>\n"); }

void Page::remark(const std::string& words) {
    body_ += text("<p class=\"remark\">", escaped(words), "</p>\n");
}

void Page::table(const std::vector<std::pair<std::string, std::string>>& rows) {
    body_ += "<table>\n";
    for (const auto& [name, value] : rows) {
        body_ += text("<tr><th scope=\"row\">", escaped(name), "</th><td>", escaped(value),
                      "</td></tr>\n");
    }
    body_ += "</table>\n";
}

void Page::picture(const Drawing& drawing, const std::string& caption) {
    body_ += text("<figure>\n", svg_element(drawing, text("p", ++pictures_)), "<figcaption>",
                  escaped(caption), "</figcaption>\n</figure>\n");
}

std::string Page::html() const {
    return text("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n",
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n",
                "<title>", escaped(title_), "</title>\n<style>\n", kLayout, style_sheet(),
                "</style>\n</head>\n<body>\n<h1>", escaped(title_), "</h1>\n", body_,
                "</body>\n</html>\n");
}

}  // namespace si::plot
