#include "net/host_policy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace eventlog::net {
namespace {

constexpr int kMappedBits = 96;  // before the IPv4 part of ::ffff:a.b.c.d
constexpr int kMaxPort = 65535;

constexpr Address mapped(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
    return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d};
}

constexpr Address kLoopback = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

struct Range {
    Address address;
    int prefix;
};

// The ranges of RFC 3927 and RFC 4291, then the metadata services outside of them: those of Alibaba Cloud,
// Azure and Oracle, and those of AWS (of machines and of pods) and Google over IPv6.
constexpr Range kGuarded[] = {
    {mapped(169, 254, 0, 0), kMappedBits + 16},
    {mapped(0, 0, 0, 0), kMappedBits + 8},
    {{0xfe, 0x80}, 10},
    {{}, 128},
    {mapped(100, 100, 100, 200), 128},
    {mapped(168, 63, 129, 16), 128},
    {mapped(192, 0, 0, 192), 128},
    {{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}, 128},
    {{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x23}, 128},
    {{0xfd, 0x20, 0x00, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54}, 128},
};

// The host names of those services. They matter for proxies, which look up names themselves.
constexpr std::array<std::string_view, 5> kGuardedNames = {
    "metadata.google.internal", "metadata.goog", "metadata", "instance-data", "instance-data.ec2.internal"};

// The places at which an IPv6 address may carry an IPv4 address. NAT64 splits it around byte 8.
using Places = std::array<size_t, 4>;

struct Carrier {
    Range range;
    Places at;
    bool inverted = false;  // the bits of the IPv4 address are inverted
    bool is_guess = false;  // nothing there, which is 0.0.0.0, does not count
};

// NAT64 (RFC 6052, and the local prefix of RFC 8215 with each length that fits), 6to4 (RFC 3056), Teredo's
// server and client (RFC 4380), IPv4-translated (RFC 2765) and IPv4-compatible addresses.
constexpr Carrier kCarriers[] = {
    {{{0x00, 0x64, 0xff, 0x9b}, kMappedBits}, {12, 13, 14, 15}},
    {{{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48}, {12, 13, 14, 15}},
    {{{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48}, {9, 10, 11, 12}, false, true},
    {{{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48}, {7, 9, 10, 11}, false, true},
    {{{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48}, {6, 7, 9, 10}, false, true},
    {{{0x20, 0x02}, 16}, {2, 3, 4, 5}},
    {{{0x20, 0x01, 0x00, 0x00}, 32}, {4, 5, 6, 7}},
    {{{0x20, 0x01, 0x00, 0x00}, 32}, {12, 13, 14, 15}, true},
    {{{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, kMappedBits}, {12, 13, 14, 15}},
    {{{}, kMappedBits}, {12, 13, 14, 15}},
};

bool is_within(const Address& address, const Address& range, int prefix) {
    const int bytes = prefix / 8;
    const int bits = prefix % 8;
    if (!std::equal(range.begin(), range.begin() + bytes, address.begin())) return false;
    const auto differing = static_cast<unsigned>(range[static_cast<size_t>(std::min(bytes, 15))] ^
                                                 address[static_cast<size_t>(std::min(bytes, 15))]);
    return bits == 0 || (differing >> (8 - bits)) == 0;
}

// Returns whether the interface part is that of ISATAP (RFC 5214), which ends in an IPv4 address.
bool is_isatap(const Address& address) {
    return (address[8] & ~0x02) == 0 && address[9] == 0 && address[10] == 0x5e && address[11] == 0xfe;
}

Address embedded(const Address& address, const Places& at, bool inverted) {
    const auto byte = [&](size_t place) {
        return static_cast<uint8_t>(inverted ? ~address[at[place]] : address[at[place]]);
    };
    return mapped(byte(0), byte(1), byte(2), byte(3));
}

std::string lower(std::string_view text) {
    std::string copy(text);
    for (char& c : copy)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    // A trailing dot is the root of the domain tree, so it names the same host. Some resolvers take several.
    while (copy.size() > 1 && copy.back() == '.') copy.pop_back();
    return copy;
}

// Returns whether the text is a host name in ASCII without an empty label. Other characters may be an address
// in disguise: resolvers and proxies turn circled digits into digits, and leave out soft hyphens.
bool is_host_name(std::string_view name) {
    return !name.empty() && name.front() != '.' && name.find("..") == std::string_view::npos &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
           });
}

// Returns whether the last label is a number. No domain ends like this, so such a name is an address in one
// of the forms that some resolvers read, such as 0x7f.1.
bool ends_in_number(std::string_view name) {
    const std::string_view label = name.substr(name.rfind('.') + 1);
    const bool is_hex = label.starts_with("0x");
    return label.find_first_not_of(is_hex ? "x0123456789abcdef" : "0123456789") == std::string_view::npos;
}

bool read_number(std::string_view text, int least, int most, int& number) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && number >= least && number <= most;
}

}  // namespace

bool is_plain_host(std::string_view host) {
    return is_host_name(lower(host)) || parse_address(host);
}

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

std::optional<int> guarded_bits(const Address& address) {
    std::optional<int> bits;
    const auto look = [&bits](const Address& a) {
        for (const Range& range : kGuarded)
            if (is_within(a, range.address, range.prefix)) bits = std::max(bits.value_or(0), range.prefix);
    };
    look(address);
    for (const Carrier& carrier : kCarriers) {
        // ::1 is the loopback address, not 0.0.0.1.
        if (!is_within(address, carrier.range.address, carrier.range.prefix) || address == kLoopback)
            continue;
        const Address carried = embedded(address, carrier.at, carrier.inverted);
        if (!carrier.is_guess || carried[kMappedBits / 8] != 0) look(carried);
    }
    if (is_isatap(address)) look(embedded(address, {12, 13, 14, 15}, false));
    return bits;
}

HostPolicy HostPolicy::of_nobody() {
    HostPolicy policy;
    policy.nobody_ = true;
    return policy;
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
    return admits_name(host, port, true);
}

bool HostPolicy::admits_unresolved(std::string_view host, int port) const {
    return admits_name(host, port, false);
}

// If `any_address` is true, an entry that is an address counts, since the name may resolve to it.
bool HostPolicy::admits_name(std::string_view host, int port, bool any_address) const {
    const std::string name = lower(host);
    if (const auto address = parse_address(name)) return admits(host, port, *address);
    if (nobody_ || !is_host_name(name) || ends_in_number(name)) return false;
    const bool guarded = std::find(kGuardedNames.begin(), kGuardedNames.end(), name) != kGuardedNames.end();
    if (entries_.empty()) return !guarded;
    return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        if (entry.port != 0 && entry.port != port) return false;
        if (entry.name.empty() && !entry.below) return any_address;
        if (!entry.below) return name == entry.name;
        return !guarded && (entry.name.empty() || name.ends_with("." + entry.name));
    });
}

bool HostPolicy::admits(std::string_view host, int port, const Address& address) const {
    const std::optional<int> guarded = guarded_bits(address);
    if (nobody_ || entries_.empty()) return !nobody_ && !guarded;
    const std::string name = lower(host);
    return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        if (entry.port != 0 && entry.port != port) return false;
        if (entry.name.empty() && !entry.below)
            return is_within(address, entry.address, entry.prefix) && entry.prefix >= guarded.value_or(0);
        if (guarded) return false;
        return entry.below ? entry.name.empty() || name.ends_with("." + entry.name) : name == entry.name;
    });
}

}  // namespace eventlog::net
