#pragma once

#include <string>
#include <utility>
#include <vector>

#include "si/plot/drawing.hpp"

// HTML pages that stand alone, for reports.

namespace si::plot {

/// One HTML page that needs nothing else: no scripts, no files, no network. All text is escaped.
class Page {
  public:
    explicit Page(std::string title) : title_(std::move(title)) {}

    void heading(const std::string& words);
    void paragraph(const std::string& words);
    /// A sentence that says why something is not there, or what is wrong.
    void remark(const std::string& words);
    void table(const std::vector<std::pair<std::string, std::string>>& rows);
    void picture(const Drawing& drawing, const std::string& caption);

    /// The whole page.
    std::string html() const;

  private:
    std::string title_, body_;
    int pictures_ = 0;
};

}  // namespace si::plot
