#include "forward/policy/host_policy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace eventlog::forward {
namespace {

constexpr int kMappedBits = 96;  // before the IPv4 part of ::ffff:a.b.c.d
constexpr int kMaxPort = 65535;

constexpr Address mapped(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
    return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d};
}

struct Range {
    Address address;
    int prefix;
};

// RFC 3927, RFC 4291; the metadata services of AWS (IPv6) and Alibaba Cloud, the others' are link-local.
constexpr Range kGuarded[] = {
    {mapped(169, 254, 0, 0), kMappedBits + 16},
    {mapped(0, 0, 0, 0), kMappedBits + 8},
    {mapped(100, 100, 100, 200), 128},
    {{0xfe, 0x80}, 10},
    {{}, 128},
    {{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}, 128},
};

// Prefixes of IPv6 addresses that lead to the IPv4 address in their last 32 bits: NAT64 (RFC 6052) and
// IPv4-compatible.
constexpr Range kCarriers[] = {
    {{0x00, 0x64, 0xff, 0x9b}, kMappedBits},
    {{}, kMappedBits},
};

bool is_within(const Address& address, const Address& range, int prefix) {
    const int bytes = prefix / 8;
    const int bits = prefix % 8;
    if (!std::equal(range.begin(), range.begin() + bytes, address.begin())) return false;
    const auto differing = static_cast<unsigned>(range[static_cast<size_t>(std::min(bytes, 15))] ^
                                                 address[static_cast<size_t>(std::min(bytes, 15))]);
    return bits == 0 || (differing >> (8 - bits)) == 0;
}

std::string lower(std::string_view text) {
    std::string copy(text);
    for (char& c : copy)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    // The root of the domain tree: the same host.
    if (copy.size() > 1 && copy.back() == '.') copy.pop_back();
    return copy;
}

bool is_host_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    });
}

bool read_number(std::string_view text, int least, int most, int& number) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && number >= least && number <= most;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
    if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
    char copy[INET6_ADDRSTRLEN] = {};
    if (text.empty() || text.size() >= sizeof(copy)) return std::nullopt;
    std::memcpy(copy, text.data(), text.size());
    Address address{};
    if (inet_pton(AF_INET6, copy, address.data()) == 1) return address;
    address = mapped(0, 0, 0, 0);
    if (inet_pton(AF_INET, copy, address.data() + kMappedBits / 8) == 1) return address;
    return std::nullopt;
}

bool is_guarded(const Address& address) {
    const auto guarded = [](const Address& a) {
        return std::any_of(std::begin(kGuarded), std::end(kGuarded),
                           [&a](const Range& range) { return is_within(a, range.address, range.prefix); });
    };
    if (guarded(address)) return true;
    return std::any_of(std::begin(kCarriers), std::end(kCarriers), [&](const Range& carrier) {
        return is_within(address, carrier.address, carrier.prefix) &&
               guarded(mapped(address[12], address[13], address[14], address[15])) &&
               // ::1 is the loopback address, not 0.0.0.1.
               !(is_within(address, {}, 127) && address[15] == 1);
    });
}

std::optional<HostPolicy> HostPolicy::parse(std::string_view list, std::string& bad_entry) {
    HostPolicy policy;
    while (!list.empty()) {
        const size_t comma = std::min(list.find(','), list.size());
        std::string_view text = list.substr(0, comma);
        list.remove_prefix(std::min(comma + 1, list.size()));
        const size_t first = text.find_first_not_of(" \t");
        if (first == std::string_view::npos) continue;
        text = text.substr(first, text.find_last_not_of(" \t") - first + 1);
        if (Entry entry; read_entry(text, entry)) {
            policy.entries_.push_back(std::move(entry));
        } else {
            bad_entry = text;
            return std::nullopt;
        }
    }
    return policy;
}

bool HostPolicy::read_entry(std::string_view text, Entry& entry) {
    const size_t bracket = text.rfind(']');
    const size_t colon = text.rfind(':');
    const bool bare_ipv6 = bracket == std::string_view::npos && text.find(':') != colon;
    if (colon != std::string_view::npos && !bare_ipv6 &&
        (bracket == std::string_view::npos || colon > bracket)) {
        if (!read_number(text.substr(colon + 1), 1, kMaxPort, entry.port)) return false;
        text = text.substr(0, colon);
    }
    const size_t slash = text.find('/');
    if (const auto address = parse_address(text.substr(0, slash))) {
        entry.address = *address;
        if (slash == std::string_view::npos) return true;
        const int offset = is_within(*address, mapped(0, 0, 0, 0), kMappedBits) ? kMappedBits : 0;
        if (!read_number(text.substr(slash + 1), 0, 128 - offset, entry.prefix)) return false;
        entry.prefix += offset;
        return true;
    }
    entry.below = text == "*" || text.starts_with("*.");
    entry.name = lower(entry.below ? text.substr(std::min<size_t>(2, text.size())) : text);
    return text == "*" || is_host_name(entry.name);
}

bool HostPolicy::admits(std::string_view host, int port) const {
    if (const auto address = parse_address(host)) return admits(host, port, *address);
    if (entries_.empty()) return true;
    const std::string name = lower(host);
    return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        if (entry.port != 0 && entry.port != port) return false;
        // An address: what the name resolves to will decide.
        if (entry.name.empty()) return true;
        return entry.below ? name.ends_with("." + entry.name) : name == entry.name;
    });
}

bool HostPolicy::admits(std::string_view host, int port, const Address& address) const {
    const bool guarded = is_guarded(address);
    if (entries_.empty()) return !guarded;
    const std::string name = lower(host);
    return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        if (entry.port != 0 && entry.port != port) return false;
        if (entry.name.empty() && !entry.below) return is_within(address, entry.address, entry.prefix);
        if (guarded) return false;
        return entry.below ? entry.name.empty() || name.ends_with("." + entry.name) : name == entry.name;
    });
}

}  // namespace eventlog::forward
