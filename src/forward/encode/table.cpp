#include "forward/encode/format.h"

namespace eventlog::forward {

namespace {

constexpr const Format* kFormats[] = {
    &kStatsig,
    &kNdjson,
};

}  // namespace

const Format* find_format(std::string_view name) {
    for (const Format* format : kFormats) {
        if (format->name == name) return format;
    }
    return nullptr;
}

std::string format_names() {
    std::string names;
    for (const Format* format : kFormats) {
        if (!names.empty()) names += ", ";
        names += format->name;
    }
    return names;
}

}  // namespace eventlog::forward
