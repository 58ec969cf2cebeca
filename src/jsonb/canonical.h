// Canonical JSON text of JSONB: object keys sorted by code point, no white space, UTF-8, numbers as the
// server prints them, only the escapes that JSON demands (\" \\ \b \f \n \r \t, \u00xx for the other control
// characters).
#pragma once

#include <cstddef>
#include <cstdint>
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

// How numbers are written: with the decimal places they are stored with, or with none that say nothing (1.50
// as 1.5), so that equal ones have equal texts.
enum class Numbers : uint8_t { as_stored, by_value };

void append_canonical(std::string& out, const Container& container, Numbers numbers = Numbers::as_stored);
void append_canonical(std::string& out, const Value& value);
// Appends `text` as a JSON string literal, quotes included.
void append_quoted(std::string& out, std::string_view text);

// A Numeric datum (four-byte varlena header first) as the server's numeric_out prints it.
void append_number(std::string& out, std::string_view numeric, Numbers numbers = Numbers::as_stored);
size_t number_size(std::string_view numeric);

}  // namespace eventlog::jsonb
