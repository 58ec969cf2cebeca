// The hosts that the server may connect to: the setting eventlog.allowed_hosts, and the addresses that are
// refused unless it names them.
//
// A user who may create a server chooses its url, but the worker connects from inside the network. Therefore
// link-local addresses, and the addresses at which clouds serve a machine's credentials, are refused unless
// the list names them. An entry that covers more than the guarded range does not count as naming them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventlog::net {

// An IPv6 address. An IPv4 address is stored as ::ffff:a.b.c.d.
using Address = std::array<uint8_t, 16>;

// Returns whether a url may name the host: a name of ASCII characters, or an address. A name of other
// characters must be written in punycode, because what it names depends on who reads it.
bool is_plain_host(std::string_view host);

// Reads an IPv4 address, or an IPv6 address with or without brackets. Returns nothing if the text is neither.
std::optional<Address> parse_address(std::string_view text);

// Returns the prefix length of the narrowest guarded range that contains the address, or nothing if no range
// does. The guarded ranges are the link-local ones, the unspecified ones, and those where a cloud serves
// credentials. Each IPv4 address that an IPv6 address carries is judged as well.
std::optional<int> guarded_bits(const Address& address);

class HostPolicy {
  public:
    // The default policy admits every host, but no guarded address.
    HostPolicy() = default;
    // Returns a policy that admits no host at all.
    static HostPolicy of_nobody();
    // Reads a comma-separated list of `*`, host names, `*.domain` (its sub-domains), addresses and CIDR
    // ranges. Each may end with `:port`; an IPv6 address with a port must be in brackets. An empty list is
    // the default policy. Returns nothing if an entry cannot be read, and then stores that entry in
    // `bad_entry`.
    static std::optional<HostPolicy> parse(std::string_view list, std::string& bad_entry);

    // Returns whether a connection to the host (a name or an address, as in a url) may be attempted. It may
    // not if none of the host's addresses would be admitted.
    bool admits(std::string_view host, int port) const;
    // Returns whether a connection to the host at this address is allowed.
    bool admits(std::string_view host, int port, const Address& address) const;
    // Returns whether a proxy may be asked for the host. The proxy looks the host up itself, so addresses and
    // ranges in the list admit no name.
    bool admits_unresolved(std::string_view host, int port) const;

  private:
    struct Entry {
        std::string name;    // in lower case; empty for an address
        bool below = false;  // sub-domains of the name; with an empty name, every host
        Address address{};
        int prefix = 128;  // number of leading bits of the address that must match
        int port = 0;      // 0 for every port
    };

    static bool read_entry(std::string_view text, Entry& entry);
    bool admits_name(std::string_view host, int port, bool any_address) const;

    std::vector<Entry> entries_;
    bool nobody_ = false;
};

}  // namespace eventlog::net
