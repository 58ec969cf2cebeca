#include "event/iso8601.h"

#include <chrono>

#include "event/characters.h"

namespace eventlog::event {
namespace {

constexpr Micros kSecond = 1'000'000;
constexpr Micros kMinute = 60 * kSecond;
constexpr Micros kHour = 60 * kMinute;
constexpr Micros kDay = 24 * kHour;
constexpr int kMaxOffsetHours = 15;  // the limit of PostgreSQL's time zones

// Reads a text piece by piece from its front.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    bool done() const { return rest_.empty(); }
    bool at_digit() const { return !done() && is_digit(rest_.front()); }

    // Takes the next character if it is in `set`, else returns NUL.
    char take(std::string_view set) {
        if (done() || set.find(rest_.front()) == std::string_view::npos) return '\0';
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    // Takes a number of exactly that many digits that is not greater than `max`.
    std::optional<int> number(size_t digits, int max) {
        if (rest_.size() < digits || !are_digits(rest_.substr(0, digits))) return std::nullopt;
        int value = 0;
        for (const char c : rest_.substr(0, digits)) value = value * 10 + (c - '0');
        rest_.remove_prefix(digits);
        if (value > max) return std::nullopt;
        return value;
    }

  private:
    std::string_view rest_;
};

std::optional<Micros> read_date(Scanner& in) {
    const auto year = in.number(4, 9999);
    if (!year || !in.take("-")) return std::nullopt;
    const auto month = in.number(2, 12);
    if (!month || !in.take("-")) return std::nullopt;
    const auto day = in.number(2, 31);
    if (!day || *year == 0) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                           std::chrono::day(*day)};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date).time_since_epoch().count() * kDay;
}

// Takes the digits behind a decimal sign, rounded half up to microseconds.
std::optional<Micros> read_fraction(Scanner& in) {
    if (!in.at_digit()) return std::nullopt;
    Micros micros = 0;
    for (Micros unit = kSecond / 10; unit > 0 && in.at_digit(); unit /= 10) micros += *in.number(1, 9) * unit;
    if (in.at_digit() && *in.number(1, 9) >= 5) micros++;
    while (in.at_digit()) in.number(1, 9);
    return micros;
}

std::optional<Micros> read_time_of_day(Scanner& in) {
    const auto hour = in.number(2, 24);
    if (!hour || !in.take(":")) return std::nullopt;
    const auto minute = in.number(2, 59);
    if (!minute) return std::nullopt;
    Micros time = *hour * kHour + *minute * kMinute;
    if (in.take(":")) {
        const auto second = in.number(2, 60);
        if (!second) return std::nullopt;
        time += *second * kSecond;
        if (in.take(".,")) {
            const auto fraction = read_fraction(in);
            if (!fraction) return std::nullopt;
            time += *fraction;
        }
    }
    if (*hour == 24 && time != kDay) return std::nullopt;
    return time;
}

// Takes the offset by which the local time is ahead of UTC; it is zero if the text has none.
std::optional<Micros> read_offset(Scanner& in) {
    if (in.done() || in.take("Zz")) return 0;
    const char sign = in.take("+-");
    if (!sign) return std::nullopt;
    const auto hours = in.number(2, kMaxOffsetHours);
    if (!hours) return std::nullopt;
    Micros offset = *hours * kHour;
    if (!in.done()) {
        in.take(":");
        const auto minutes = in.number(2, 59);
        if (!minutes) return std::nullopt;
        offset += *minutes * kMinute;
    }
    return sign == '-' ? -offset : offset;
}

struct UtcTime {
    int64_t year;
    unsigned month;
    unsigned day;
    Micros time_of_day;
};

// Uses the proleptic Gregorian calendar for every year, because it repeats after 400 years.
UtcTime utc_time(Micros time) {
    constexpr int64_t kDaysOfCycle = 146097;
    int64_t day = time / kDay;
    Micros time_of_day = time % kDay;
    if (time_of_day < 0) {
        time_of_day += kDay;
        day--;
    }
    const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day % kDaysOfCycle))};
    return {static_cast<int>(date.year()) + day / kDaysOfCycle * 400, static_cast<unsigned>(date.month()),
            static_cast<unsigned>(date.day()), time_of_day};
}

size_t digits_of_year(int64_t magnitude) {
    size_t digits = 4;
    for (int64_t limit = 10000; magnitude >= limit; limit *= 10) digits++;
    return digits;
}

// Writes a number of exactly that many digits, then `mark`; returns the position behind them.
char* print_number(char* out, int64_t value, size_t digits, char mark) {
    for (size_t i = digits; i-- > 0; value /= 10) out[i] = static_cast<char>('0' + value % 10);
    out[digits] = mark;
    return out + digits + 1;
}

constexpr size_t kLengthWithoutYear = std::string_view("-11-20T08:15:30.000000Z").size();
constexpr size_t kMaxLength = std::string_view("-290308").size() + kLengthWithoutYear;

}  // namespace

std::optional<Micros> parse_iso8601(std::string_view text) {
    Scanner in(text);
    const auto date = read_date(in);
    if (!date || in.done()) return date;
    if (!in.take("Tt ")) return std::nullopt;
    const auto time_of_day = read_time_of_day(in);
    if (!time_of_day) return std::nullopt;
    const auto offset = read_offset(in);
    if (!offset || !in.done()) return std::nullopt;
    return *date + *time_of_day - *offset;
}

bool has_other_year(std::string_view text) {
    const bool has_sign = text.starts_with('-') || text.starts_with('+');
    const std::string_view unsigned_text = text.substr(has_sign ? 1 : 0);
    const std::string_view year = unsigned_text.substr(0, unsigned_text.find('-'));
    const bool is_other = text.starts_with('-') || year.size() > 4 || year == "0000";
    // The rest is read with a leap year in place of the year.
    return year.size() >= 4 && year.size() < unsigned_text.size() && are_digits(year) && is_other &&
           parse_iso8601("2000" + std::string(unsigned_text.substr(year.size())));
}

void append_iso8601(std::string& out, Micros time) {
    const UtcTime utc = utc_time(time);
    const int64_t year = utc.year < 0 ? -utc.year : utc.year;
    char text[kMaxLength];
    char* end = text;
    if (utc.year < 0) *end++ = '-';
    end = print_number(end, year, digits_of_year(year), '-');
    end = print_number(end, utc.month, 2, '-');
    end = print_number(end, utc.day, 2, 'T');
    end = print_number(end, utc.time_of_day / kHour, 2, ':');
    end = print_number(end, utc.time_of_day % kHour / kMinute, 2, ':');
    end = print_number(end, utc.time_of_day % kMinute / kSecond, 2, '.');
    end = print_number(end, utc.time_of_day % kSecond, 6, 'Z');
    out.append(text, end);
}

size_t iso8601_size(Micros time) {
    const int64_t year = utc_time(time).year;
    return year < 0 ? 1 + digits_of_year(-year) + kLengthWithoutYear
                    : digits_of_year(year) + kLengthWithoutYear;
}

}  // namespace eventlog::event
