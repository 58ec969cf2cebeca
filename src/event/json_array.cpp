#include "event/json_array.h"

namespace eventlog::event {
namespace {

constexpr std::string_view kWhiteSpace = " \t\n\r";

std::string_view without_white_space_before(std::string_view text) {
    const size_t start = text.find_first_not_of(kWhiteSpace);
    return start == std::string_view::npos ? std::string_view() : text.substr(start);
}

std::string_view without_white_space_behind(std::string_view text) {
    return text.substr(0, text.find_last_not_of(kWhiteSpace) + 1);
}

// Returns the position of the closing quote of the string that opens at `start`, or the end of the text if
// there is none.
size_t end_of_string(std::string_view text, size_t start) {
    for (size_t quote = start;;) {
        quote = text.find('"', quote + 1);
        if (quote == std::string_view::npos) return text.size();
        size_t unescaped = quote;
        while (text[unescaped - 1] == '\\') unescaped--;
        if ((quote - unescaped) % 2 == 0) return quote;
    }
}

// Returns the end of the element at the front of `text`: the first comma or bracket that is not inside it.
// Stores the number of commas directly inside the element.
size_t end_of_element(std::string_view text, size_t& commas) {
    size_t depth = 0;
    commas = 0;
    for (size_t i = 0; i < text.size(); i++) {
        switch (text[i]) {
            case '"':
                i = end_of_string(text, i);
                break;
            case '[':
            case '{':
                depth++;
                break;
            case ']':
            case '}':
                if (depth == 0) return i;
                depth--;
                break;
            case ',':
                if (depth == 0) return i;
                if (depth == 1) commas++;
                break;
        }
    }
    return text.size();
}

}  // namespace

JsonArray::JsonArray(std::string_view text) {
    text = without_white_space_before(text);
    is_array_ = !text.empty() && text.front() == '[';
    if (!is_array_) return;
    rest_ = without_white_space_before(text.substr(1));
    if (!rest_.empty() && rest_.front() == ']') rest_ = {};
}

JsonArray JsonArray::members_of(std::string_view object) {
    JsonArray members;
    members.is_array_ = true;
    members.rest_ = without_white_space_before(object.substr(object.find('{') + 1));
    if (!members.rest_.empty() && members.rest_.front() == '}') members.rest_ = {};
    return members;
}

std::string_view JsonArray::key() const {
    return element_.substr(0, end_of_string(element_, 0) + 1);
}

bool JsonArray::next() {
    if (rest_.empty()) return false;
    const size_t end = end_of_element(rest_, commas_);
    element_ = without_white_space_behind(rest_.substr(0, end));
    const bool more = end < rest_.size() && rest_[end] == ',';
    rest_ = more ? without_white_space_before(rest_.substr(end + 1)) : std::string_view();
    return true;
}

}  // namespace eventlog::event
