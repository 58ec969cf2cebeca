// Canonical JSON text of JSONB: UTF-8 with object keys sorted by code point, no white space, and numbers as
// the server prints them. Only the characters are escaped that JSON requires (\" \\ \b \f \n \r \t, and
// \u00xx for the other control characters).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "jsonb/view.h"

namespace eventlog::jsonb {

// Returns the size of the canonical text in bytes without building it. These functions never recurse, however
// deep the document is. An absent container counts as an empty object.
size_t canonical_size(const Container& container);
size_t canonical_size(const Value& value);
// Does the same, and sets `ascii` to false if a key or a string has a byte beyond ASCII.
size_t canonical_size(const Container& container, bool& ascii);
// Returns the size of `text` as a JSON string literal in bytes, including the quotes.
size_t quoted_size(std::string_view text);

// How numbers are written: with the decimal places that they are stored with, or without trailing zeros (1.50
// as 1.5), so that equal numbers have equal texts.
enum class Numbers : uint8_t { as_stored, by_value };

void append_canonical(std::string& out, const Container& container, Numbers numbers = Numbers::as_stored);
void append_canonical(std::string& out, const Value& value);
// Appends `text` as a JSON string literal, including the quotes.
void append_quoted(std::string& out, std::string_view text);

// Appends a Numeric datum, which begins with a four-byte varlena header, as the server's numeric_out prints
// it.
void append_number(std::string& out, std::string_view numeric, Numbers numbers = Numbers::as_stored);
size_t number_size(std::string_view numeric);

}  // namespace eventlog::jsonb
