// Which hosts the server may be made to connect to: the setting eventlog.allowed_hosts, and what is refused
// without it.
//
// Whoever may create a server chooses its url; the worker connects from inside the network. So link-local
// addresses, and those at which clouds serve a machine's credentials, are refused unless the list names them:
// an entry that is wider than what is guarded does not.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventlog::net {

// An IPv6 address; an IPv4 one as ::ffff:a.b.c.d.
using Address = std::array<uint8_t, 16>;

// Reads an IPv4 or IPv6 address, the latter with or without brackets.
std::optional<Address> parse_address(std::string_view text);

// Link-local, unspecified, or where a cloud serves credentials: the bits of the narrowest range that says so.
// An IPv4 address carried in an IPv6 one counts as itself.
std::optional<int> guarded_bits(const Address& address);

class HostPolicy {
  public:
    // Every host, but no guarded address.
    HostPolicy() = default;
    // Admits no host at all.
    static HostPolicy of_nobody();
    // Reads a comma-separated list of `*`, host names, `*.domain` (its sub-domains), addresses and CIDR
    // ranges, each with an optional `:port`; an IPv6 address with a port stands in brackets. An empty list is
    // the default policy. Nothing when an entry cannot be read; `bad_entry` is it then.
    static std::optional<HostPolicy> parse(std::string_view list, std::string& bad_entry);

    // Whether a connection to the host (a name or an address, as in a url) may be tried: false when no
    // address of it would be admitted.
    bool admits(std::string_view host, int port) const;
    // Whether the host may be connected to at this address.
    bool admits(std::string_view host, int port, const Address& address) const;
    // Whether a proxy, which looks the host up itself, may be asked for it: addresses and ranges of the list
    // admit no name.
    bool admits_unresolved(std::string_view host, int port) const;

  private:
    struct Entry {
        std::string name;    // lower case; empty: an address
        bool below = false;  // sub-domains of the name; of the empty name: every host
        Address address{};
        int prefix = 128;  // bits of the address that count
        int port = 0;      // 0: every port
    };

    static bool read_entry(std::string_view text, Entry& entry);
    bool admits_name(std::string_view host, int port, bool any_address) const;

    std::vector<Entry> entries_;
    bool nobody_ = false;
};

}  // namespace eventlog::net
