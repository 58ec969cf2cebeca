#include "forward/encode/url_query.h"

#include <algorithm>
#include <charconv>

namespace eventlog::forward {
namespace {

// Returns the byte that the `%XX` at the start of `text` encodes, or nothing if there is none.
std::optional<char> encoded_byte(std::string_view text) {
    if (text.size() < 3 || text.front() != '%') return std::nullopt;
    unsigned char byte = 0;
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + 3, byte, 16);
    if (error != std::errc() || end != text.data() + 3) return std::nullopt;
    return static_cast<char>(byte);
}

// Decodes text as in the encoding of forms, where `+` is a space.
std::string decoded(std::string_view text) {
    std::string plain;
    while (!text.empty()) {
        const std::optional<char> byte = encoded_byte(text);
        plain += byte ? *byte : text.front() == '+' ? ' ' : text.front();
        text.remove_prefix(byte ? 3 : 1);
    }
    return plain;
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

}  // namespace

size_t UrlQuery::end() const {
    return std::min(url_.find('#'), url_.size());
}

std::optional<std::string> UrlQuery::value_of(std::string_view name) const {
    const std::string_view before_fragment = std::string_view(url_).substr(0, end());
    const size_t mark = std::min(before_fragment.find('?'), before_fragment.size());
    std::string_view rest = before_fragment.substr(mark);
    while (!rest.empty()) {
        rest.remove_prefix(1);  // "?" or "&"
        const std::string_view parameter = rest.substr(0, rest.find('&'));
        rest.remove_prefix(parameter.size());
        const size_t equals = std::min(parameter.find('='), parameter.size());
        if (decoded(parameter.substr(0, equals)) == name)
            return decoded(parameter.substr(std::min(equals + 1, parameter.size())));
    }
    return std::nullopt;
}

void UrlQuery::add_missing(std::string_view name, std::string_view value) {
    if (value_of(name)) return;
    const bool is_first = std::string_view(url_).substr(0, end()).find('?') == std::string_view::npos;
    std::string parameter(is_first ? "?" : "&");
    url_.insert(end(), parameter.append(name).append("=").append(value));
}

bool is_clickhouse_insert(std::string_view statement) {
    std::string words(" ");
    for (const char c : statement) {
        if (!is_space(c)) {
            words += lower(c);
        } else if (words.back() != ' ') {
            words += ' ';
        }
    }
    return words.starts_with(" insert ") && words.find(" format jsoneachrow") != std::string::npos;
}

}  // namespace eventlog::forward
