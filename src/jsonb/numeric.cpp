// The text of a Numeric datum, after numeric_out in PostgreSQL's src/backend/utils/adt/numeric.c.
#include <algorithm>
#include <array>
#include <cstdint>

#include "jsonb/canonical.h"
#include "jsonb/numeric.h"

namespace eventlog::jsonb {
namespace {

std::array<char, kDecimals> decimals(unsigned digit) {
    const auto place = [digit](unsigned unit) { return static_cast<char>('0' + digit / unit % 10); };
    return {place(1000), place(100), place(10), place(1)};
}

char* write_integer(const Numeric& number, char* out) {
    if (number.weight < 0) {
        *out++ = '0';
        return out;
    }
    const size_t shown = number.integer_size() - static_cast<size_t>(number.weight) * kDecimals;
    const auto first = decimals(number.digit(0));
    out = std::copy(first.end() - shown, first.end(), out);
    for (int i = 1; i <= number.weight; ++i) {
        const auto next = decimals(number.digit(i));
        out = std::copy(next.begin(), next.end(), out);
    }
    return out;
}

void write_fraction(const Numeric& number, char* out) {
    *out++ = '.';
    int index = number.weight + 1;
    for (int left = number.scale; left > 0; left -= kDecimals) {
        const auto next = decimals(number.digit(index++));
        out = std::copy_n(next.begin(), std::min(left, kDecimals), out);
    }
}

// Returns the number of decimal places up to the last one that is not zero.
int used_scale(const Numeric& number) {
    int scale = number.scale;
    while (scale > 0) {
        const int place = scale - 1;
        const auto digit = decimals(number.digit(number.weight + 1 + place / kDecimals));
        if (digit[static_cast<size_t>(place % kDecimals)] != '0') break;
        --scale;
    }
    return scale;
}

}  // namespace

size_t number_size(std::string_view numeric) {
    return Numeric(numeric).size();
}

void append_number(std::string& out, std::string_view numeric, Numbers numbers) {
    Numeric number(numeric);
    if (numbers == Numbers::by_value) number.scale = used_scale(number);
    const size_t start = out.size();
    out.resize(start + number.size());
    char* at = out.data() + start;
    if (number.negative) *at++ = '-';
    at = write_integer(number, at);
    if (number.scale > 0) write_fraction(number, at);
}

}  // namespace eventlog::jsonb
