// Doubles as JSON.
#pragma once

#include <cstddef>
#include <string>

namespace eventlog::event {

// Writes a finite double as the shortest JSON number that reads back as the same double.
void append_double(std::string& out, double value);
size_t double_size(double value);

}  // namespace eventlog::event
