#include "event/json_number.h"

#include <charconv>

namespace eventlog::event {
namespace {

// No double has a longer shortest text than -1.7976931348623157e+308.
constexpr size_t kMaxDoubleLength = 24;

std::string_view print_double(char (&out)[kMaxDoubleLength], double value) {
    return {out, std::to_chars(out, out + kMaxDoubleLength, value).ptr};
}

}  // namespace

void append_double(std::string& out, double value) {
    char text[kMaxDoubleLength];
    out.append(print_double(text, value));
}

size_t double_size(double value) {
    char text[kMaxDoubleLength];
    return print_double(text, value).size();
}

}  // namespace eventlog::event
