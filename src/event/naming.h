// Naming policies for event names (setting eventlog.naming_policy).
#pragma once

#include <cstdint>
#include <string_view>

namespace eventlog::event {

enum class NamingPolicy : uint8_t {
    any,
    dotted,  // two or more parts of [a-z][a-z0-9_]* joined by dots
    strict,  // domain.entity.verb, three parts of [a-z][a-z0-9]*, and an optional fourth v<number>
};

bool follows(NamingPolicy policy, std::string_view name);
}  // namespace eventlog::event
