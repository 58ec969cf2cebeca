#include "forward/policy/header_lines.h"

#include <algorithm>
#include <array>

namespace eventlog::forward {
namespace {

using rules::Rule;
using rules::violation;

constexpr std::string_view kOption = "headers";

constexpr std::array<std::string_view, 12> kOwn = {
    "connection", "content-encoding", "content-length",    "content-type", "expect",    "host", "keep-alive",
    "te",         "trailer",          "transfer-encoding", "upgrade",      "user-agent"};

constexpr std::array<std::string_view, 9> kCredentialEndings = {
    "key", "token", "secret", "password", "passwd", "credential", "credentials", "signature", "auth"};

std::string lower(std::string_view text) {
    std::string copy(text);
    std::transform(copy.begin(), copy.end(), copy.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return copy;
}

// Returns whether the text is a token of RFC 9110, section 5.6.2.
bool is_token(std::string_view text) {
    constexpr std::string_view kPunctuation = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               kPunctuation.find(c) != std::string_view::npos;
    });
}

bool is_credential(std::string_view name, std::string_view value) {
    const std::string scheme = lower(value.substr(0, value.find(' ')));
    return scheme == "bearer" || scheme == "basic" || name.find("authorization") != std::string_view::npos ||
           name.find("cookie") != std::string_view::npos ||
           std::any_of(kCredentialEndings.begin(), kCredentialEndings.end(),
                       [&](std::string_view ending) { return name.ends_with(ending); });
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r";
    const size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

}  // namespace

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7f;
    });
}

std::string header_name(std::string_view line) {
    return lower(line.substr(0, line.find(':')));
}

std::optional<rules::Violation> parse_headers(std::string_view text, bool credentials,
                                              std::vector<std::string>& lines) {
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty()) continue;
        const size_t colon = line.find(':');
        const std::string_view name = line.substr(0, colon);
        if (colon == std::string_view::npos || !is_token(name))
            return violation<Rule::option_header_lines>(kOption);
        const std::string_view value = trimmed(line.substr(colon + 1));
        const std::string lower_name = header_name(line);
        const auto header = rules::with<"header">(name);
        if (value.empty()) return violation<Rule::option_header_empty>(kOption, header);
        if (has_control(value)) return violation<Rule::option_header_control>(kOption, header);
        if (std::find(kOwn.begin(), kOwn.end(), lower_name) != kOwn.end())
            return violation<Rule::option_header_own>(kOption, header);
        if (!credentials && is_credential(lower_name, value))
            return violation<Rule::option_header_credential>(kOption, header);
        lines.push_back(std::string(name) + ": " + std::string(value));
    }
    if (lines.empty()) return violation<Rule::option_header_lines>(kOption);
    return std::nullopt;
}

}  // namespace eventlog::forward
