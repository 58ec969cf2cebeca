#include "store/release.h"

#include <charconv>

namespace eventlog::store {

std::optional<int64_t> release_number(std::string_view version) {
    constexpr int kParts = 3;
    constexpr int64_t kPerPart = 10000;
    int64_t number = 0;
    for (int part = 0; part < kParts; part++) {
        int value = 0;
        const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), value);
        if (error != std::errc() || value < 0 || value >= kPerPart) return std::nullopt;
        version.remove_prefix(static_cast<size_t>(end - version.data()));
        if (part + 1 < kParts) {
            if (!version.starts_with('.')) return std::nullopt;
            version.remove_prefix(1);
        }
        number = number * kPerPart + value;
    }
    if (!version.empty() && version.front() != '-' && version.front() != '+') return std::nullopt;
    return number;
}

const char* internal_schema_of(std::string_view objects) {
    const auto number = release_number(objects);
    const bool is_older = number && *number < *release_number(kFirstWithInternalSchema);
    return is_older ? "eventlog" : "eventlog_internal";
}

Service service_for(std::string_view objects, std::string_view library) {
    if (objects == library) return Service::full;
    const auto objects_number = release_number(objects);
    const auto library_number = release_number(library);
    if (!objects_number || !library_number) return Service::logging;
    const bool served =
        *objects_number >= *release_number(kOldestServed) && *objects_number <= *library_number;
    return served ? Service::full : Service::logging;
}

}  // namespace eventlog::store
