// Canonical JSON text of JSONB: object keys sorted by code point, no white space, UTF-8, numbers as the
// server prints them, only the escapes that JSON demands (\" \\ \b \f \n \r \t, \u00xx for the other control
// characters).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "jsonb/view.h"

namespace eventlog::jsonb {

// Bytes of the canonical text; nothing is built. These functions never recurse, however deep the document; an
// absent container is taken as an empty object.
size_t canonical_size(const Container& container);
size_t canonical_size(const Value& value);
// Bytes of a JSON string literal of `text`, quotes included.
size_t quoted_size(std::string_view text);

void append_canonical(std::string& out, const Container& container);
void append_canonical(std::string& out, const Value& value);
// Appends `text` as a JSON string literal, quotes included.
void append_quoted(std::string& out, std::string_view text);

// A Numeric datum (four-byte varlena header first) as the server's numeric_out prints it.
void append_number(std::string& out, std::string_view numeric);
size_t number_size(std::string_view numeric);

}  // namespace eventlog::jsonb
