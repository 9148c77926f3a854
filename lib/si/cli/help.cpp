#include "si/cli/help.hpp"

#include "si/base/text.hpp"

namespace si::cli {
namespace {

constexpr std::size_t kWidth = 88, kColumn = 26;

std::string sentence(std::string words) {
    if (!words.empty() && words.back() != '.') words += '.';
    return words;
}

/// "default 8, positive"
std::string remarks(const FieldInfo& field) {
    std::vector<std::string> parts;
    const std::string fallback = field.flag ? (field.fallback.empty() ? "" : "on") : field.fallback;
    if (!fallback.empty()) parts.push_back(text("default ", fallback));
    if (!field.rule.empty()) parts.push_back(field.rule);
    return join(parts, "; ");
}

std::string in_parentheses(const std::string& words) {
    return words.empty() ? "" : text(" (", words, ")");
}

/// A term in the left column and its explanation in the right one.
std::string entry(const std::string& term, const std::string& words, std::size_t indent,
                  std::size_t column) {
    std::string out = std::string(indent, ' ') + term;
    if (out.size() + 2 > column) {
        return text(out, "\n", wrapped(words, column, kWidth));
    }
    out.append(column - out.size(), ' ');
    const auto right = wrapped(words, column, kWidth);
    return right.empty() ? out + "\n" : out + right.substr(column);
}

std::string rows_text(const std::vector<RowInfo>& rows) {
    std::string out;
    for (const auto& row : rows) {
        out += entry(row.name, row.summary, 6, kColumn);
        for (const auto& field : row.spec.fields()) {
            out += entry(text(",", field.name, "=", field.value),
                         field.help + in_parentheses(remarks(field)), 8, kColumn + 2);
        }
    }
    return out;
}

std::string term(const Option& option) {
    const auto& info = option.info;
    std::string out = option.spelling();
    if (info.letter != 0) out = text("-", info.letter, ", ", out);
    return info.flag ? out : text(out, " ", info.value);
}

std::string usage_of(const Manual& manual) {
    std::string out = manual.name;
    for (const auto& group : manual.groups) {
        for (const auto& option : group.options) {
            if (option.required) out += text(" ", option.spelling(), " ", option.info.value);
        }
    }
    if (!manual.groups.empty()) out += " [options]";
    for (const auto& input : manual.inputs) {
        const auto name = input.name + (input.repeated ? "..." : "");
        out += input.required ? text(" ", name) : text(" [", name, "]");
    }
    return out;
}

/// Text that mdoc(7) takes as it is: a leading dot is a request, a word may be a macro.
std::string escaped(std::string_view words) {
    std::string out;
    for (const char c : words) out += c == '\\' ? std::string("\\e") : std::string(1, c);
    return out;
}

std::string argument(const std::string& word) { return text("\\&", escaped(word)); }

/// mandoc wants each sentence on a line of its own.
std::string lines(const std::string& words) {
    std::string out = text("\\&", escaped(words));
    for (auto at = out.find(". "); at != std::string::npos; at = out.find(". ", at + 2)) {
        out[at + 1] = '\n';
    }
    return out + "\n";
}

std::string remarks_mdoc(const FieldInfo& field) {
    const auto words = remarks(field);
    return words.empty() ? "" : lines(text("(", words, ")"));
}

std::string rows_mdoc(const std::vector<RowInfo>& rows) {
    if (rows.empty()) return "";
    std::string out = ".Bl -tag -width Ds\n";
    for (const auto& row : rows) {
        out += text(".It Cm ", argument(row.name), "\n", lines(sentence(row.summary)));
        const auto fields = row.spec.fields();
        if (fields.empty()) continue;
        out += ".Bl -tag -width Ds -compact\n";
        for (const auto& field : fields) {
            out += text(".It Cm ", argument(field.name), " Ns = Ns Ar ", argument(field.value),
                        "\n", lines(sentence(field.help)), remarks_mdoc(field));
        }
        out += ".El\n";
    }
    return out + ".El\n";
}

std::string option_mdoc(const Option& option) {
    const auto& info = option.info;
    std::string out = ".It Fl ";
    if (info.letter != 0) out += text(info.letter, " , Fl ");
    out += text(info.name.size() == 1 ? "" : "-", info.name);
    if (!info.flag) out += text(" Ar ", argument(info.value));
    out += text("\n", lines(sentence(info.help)), remarks_mdoc(info));
    return text(out, info.rows == nullptr ? "" : rows_mdoc(info.rows()));
}

}  // namespace

std::string Option::spelling() const { return text(info.name.size() == 1 ? "-" : "--", info.name); }

std::string wrapped(std::string_view words, std::size_t indent, std::size_t width) {
    std::string out, line;
    for (const auto word : split(words, ' ')) {
        if (word.empty()) continue;
        if (!line.empty() && indent + line.size() + 1 + word.size() > width) {
            out += text(std::string(indent, ' '), line, "\n");
            line.clear();
        }
        line += text(line.empty() ? "" : " ", word);
    }
    return line.empty() ? out : text(out, std::string(indent, ' '), line, "\n");
}

std::string help_text(const Manual& manual) {
    std::string out =
        text(manual.name, ": ", manual.summary, "\n\nUsage: ", usage_of(manual), "\n");
    if (!manual.commands.empty()) out += text("       ", manual.name, " COMMAND ...\n");
    if (!manual.about.empty()) out += text("\n", wrapped(manual.about, 0, kWidth));
    if (!manual.examples.empty()) out += "\nExamples:\n";
    for (const auto& example : manual.examples) {
        out += text("  ", example.command, "\n", wrapped(example.meaning, 6, kWidth));
    }
    if (!manual.commands.empty()) {
        out += text("\nCommands, each with its own --help:\n");
        for (const auto& command : manual.commands) {
            out += entry(command.name, command.summary, 2, kColumn);
        }
    }
    if (!manual.inputs.empty()) out += "\nInputs:\n";
    for (const auto& input : manual.inputs) {
        out += entry(input.name, input.help, 2, kColumn) + rows_text(input.rows);
    }
    for (const auto& group : manual.groups) {
        out += text("\n", group.title, ":\n");
        for (const auto& option : group.options) {
            out += entry(term(option),
                         option.info.help + in_parentheses(option.required ? "must be given"
                                                                           : remarks(option.info)),
                         2, kColumn);
            if (option.info.rows != nullptr) out += rows_text(option.info.rows());
        }
    }
    return out;
}

std::string help_mdoc(const Manual& manual) {
    std::string out;
    if (!manual.inputs.empty()) {
        out += ".Bl -tag -width Ds\n";
        for (const auto& input : manual.inputs) {
            out += text(".It Ar ", argument(input.name), "\n", lines(sentence(input.help)),
                        rows_mdoc(input.rows));
        }
        out += ".El\n";
    }
    for (const auto& group : manual.groups) {
        out += text(".Ss ", group.title, "\n.Bl -tag -width Ds\n");
        for (const auto& option : group.options) out += option_mdoc(option);
        out += ".El\n";
    }
    return out;
}

}  // namespace si::cli
