#include "net/host_policy.h"

#include <gtest/gtest.h>

namespace eventlog::net {
namespace {

HostPolicy policy(std::string_view list) {
    std::string bad_entry;
    auto parsed = HostPolicy::parse(list, bad_entry);
    EXPECT_TRUE(parsed) << bad_entry;
    return parsed.value_or(HostPolicy());
}

bool admits(std::string_view list, std::string_view host, std::string_view address, int port = 443) {
    return policy(list).admits(host, port, parse_address(address).value());
}

TEST(HostPolicy, ReadsAddresses) {
    EXPECT_EQ(parse_address("127.0.0.1"), parse_address("::ffff:127.0.0.1"));
    EXPECT_EQ(parse_address("[::1]"), parse_address("::1"));
    for (const char* text :
         {"", "localhost", "127.1", "0x7f000001", "1.2.3.4.5", "[]", "[127.0.0.1", "::g", "1.2.3.4 "})
        EXPECT_FALSE(parse_address(text)) << text;
}

TEST(HostPolicy, GuardsLinkLocalAndMetadataAddresses) {
    for (const char* text : {"169.254.169.254",
                             "169.254.0.1",
                             "169.254.255.255",
                             "0.0.0.0",
                             "0.1.2.3",
                             "::",
                             "fe80::1",
                             "febf::1",
                             "fd00:ec2::254",
                             "fd20:ce::254",
                             "100.100.100.200",
                             "168.63.129.16",
                             "192.0.0.192",
                             "::ffff:169.254.169.254",
                             "64:ff9b::169.254.169.254",
                             "64:ff9b:1::169.254.169.254",
                             "64:ff9b:1:a9fe:a9:fe00::",
                             "64:ff9b:1:a9:fe:a9fe::",
                             "64:ff9b:1:0:a9:fea9:fe00:0",
                             "2002:a9fe:a9fe::1",
                             "::169.254.169.254",
                             "2001:0:a9fe:a9fe::1",
                             "2001:0:808:808::5601:5601",
                             "::ffff:0:169.254.169.254",
                             "2600::5efe:169.254.169.254",
                             "2600::200:5efe:a9fe:a9fe",
                             "fd00:ec2::23"})
        EXPECT_TRUE(guarded_bits(parse_address(text).value())) << text;
    for (const char* text :
         {"127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "169.253.255.255", "169.255.0.0", "fec0::1",
          "fe7f::1", "fd00:ec2::253", "100.100.100.201", "64:ff9b::8.8.8.8", "2002:808:808::1", "2600::1",
          "8.8.8.8", "2001:0:808:808::f7f7:f7f7", "::ffff:0:8.8.8.8", "64:ff9b:1::8.8.8.8",
          "2600::5efe:8.8.8.8", "2001:1::5601:5601"})
        EXPECT_FALSE(guarded_bits(parse_address(text).value())) << text;
}

TEST(HostPolicy, AdmitsEveryOtherHostWithoutAList) {
    for (const char* list : {"", " ", ",", " , "}) {
        EXPECT_TRUE(admits(list, "api.example.com", "8.8.8.8"));
        EXPECT_TRUE(admits(list, "localhost", "127.0.0.1"));
        EXPECT_FALSE(admits(list, "metadata.google.internal", "169.254.169.254"));
        EXPECT_TRUE(policy(list).admits("metadata.example.com", 80)) << "its address is not known yet";
        EXPECT_FALSE(policy(list).admits("metadata.google.internal", 80));
        EXPECT_FALSE(policy(list).admits("Metadata.", 80));
        EXPECT_FALSE(policy(list).admits("169.254.169.254", 80));
        EXPECT_FALSE(policy(list).admits("[fe80::1]", 80));
    }
}

TEST(HostPolicy, AdmitsNamesOfTheList) {
    const char* list = "api.example.com, *.Example.ORG";
    EXPECT_TRUE(admits(list, "api.example.com", "8.8.8.8"));
    EXPECT_TRUE(admits(list, "API.example.com.", "8.8.8.8"));
    EXPECT_TRUE(admits(list, "a.b.example.org", "8.8.8.8"));
    for (const char* host :
         {"example.com", "x.api.example.com", "example.org", "badexample.org", "8.8.8.8", "localhost"}) {
        EXPECT_FALSE(admits(list, host, "8.8.8.8")) << host;
        EXPECT_FALSE(policy(list).admits(host, 443)) << host;
    }
    EXPECT_FALSE(admits(list, "api.example.com", "169.254.169.254")) << "a name admits no guarded address";
}

TEST(HostPolicy, AdmitsEveryNameByAStar) {
    EXPECT_TRUE(admits("*", "localhost", "127.0.0.1"));
    EXPECT_TRUE(policy("*").admits("localhost", 443));
    EXPECT_FALSE(admits("*", "metadata", "169.254.169.254"));
    EXPECT_TRUE(admits("*, 169.254.0.0/16", "metadata", "169.254.169.254"));
    EXPECT_FALSE(admits("*:443", "localhost", "127.0.0.1", 80));
}

TEST(HostPolicy, AdmitsAddressesOfTheListByAnyName) {
    EXPECT_TRUE(admits("10.0.0.0/8", "collector", "10.255.0.1"));
    EXPECT_TRUE(policy("10.0.0.0/8").admits("collector", 443));
    EXPECT_FALSE(admits("10.0.0.0/8", "collector", "11.0.0.1"));
    EXPECT_FALSE(policy("10.0.0.0/8").admits("11.0.0.1", 443));
    EXPECT_TRUE(admits("10.1.2.128/25", "c", "10.1.2.255"));
    EXPECT_FALSE(admits("10.1.2.128/25", "c", "10.1.2.127"));
    EXPECT_TRUE(admits("169.254.169.254", "metadata", "169.254.169.254"));
    EXPECT_TRUE(admits("2001:db8::/32", "c", "2001:db8:1::1"));
    EXPECT_FALSE(admits("2001:db8::/32", "c", "2001:db9::1"));
    EXPECT_FALSE(admits("0.0.0.0/0", "c", "2600::1"));
    EXPECT_TRUE(admits("::/0", "c", "10.0.0.1"));
}

TEST(HostPolicy, AdmitsGuardedAddressesByNothingWider) {
    for (const char* list :
         {"169.254.169.254", "169.254.169.0/24", "169.254.0.0/16", "0.0.0.0/0, 169.254.0.0/16"})
        EXPECT_TRUE(admits(list, "c", "169.254.169.254")) << list;
    for (const char* list : {"*", "c", "169.0.0.0/8", "169.254.0.0/15", "0.0.0.0/0", "::/0"})
        EXPECT_FALSE(admits(list, "c", "169.254.169.254")) << list;
    EXPECT_TRUE(admits("100.64.0.0/10", "c", "100.100.100.201"));
    EXPECT_FALSE(admits("100.64.0.0/10", "c", "100.100.100.200"));
    EXPECT_TRUE(admits("64:ff9b::169.254.0.0/112", "c", "64:ff9b::169.254.1.1"));
    EXPECT_FALSE(admits("64:ff9b::/96", "c", "64:ff9b::169.254.1.1"));
    EXPECT_TRUE(policy("metadata.google.internal").admits("metadata.google.internal", 80));
    for (const char* list : {"*", "*.internal"})
        EXPECT_FALSE(policy(list).admits("metadata.google.internal", 80)) << list;
}

TEST(HostPolicy, TakesNumbersForAddresses) {
    for (const char* host :
         {"169.254.169.254.", "169.254.169.254..", "0xa9.0xfe.0xa9.0xfe.", "2852039166.", "2852039166...",
          "0xa9fea9fe", "7147006462", "1.2.3.4.0xa9fea9fe", "a.0251", "0x"}) {
        EXPECT_FALSE(policy("").admits(host, 80)) << host;
        EXPECT_FALSE(policy("*").admits_unresolved(host, 80)) << host;
    }
    EXPECT_TRUE(policy("").admits("127.0.0.1.", 80));
}

TEST(HostPolicy, TakesNoNameThatMayBeAnAddressInDisguise) {
    for (const char* host :
         {"\uFF11\uFF16\uFF19.254.169.254", "\u2460\u2465\u2468.254.169.254",
          "169\u3002254\u3002169\u3002254", "metadata\u00AD.google.internal", "meta\u200Bdata",
          "ex\u00E4mple.com", "metadata%2egoogle.internal", "metadata..google.internal", ".metadata", "", ".",
          "..", "[fe80::1%25eth0]", "a b", "a\tb"}) {
        EXPECT_FALSE(is_plain_host(host)) << host;
        for (const char* list : {"", "*"}) {
            EXPECT_FALSE(policy(list).admits_unresolved(host, 80)) << host;
            EXPECT_FALSE(policy(list).admits(host, 80)) << host;
        }
    }
    for (const char* host : {"api.example.com", "API.example.com.", "xn--exmple-cua.com", "my_host",
                             "127.0.0.1", "[::1]", "a.1x", "localhost"})
        EXPECT_TRUE(is_plain_host(host)) << host;
    for (const char* host : {"metadata.google.internal..", "METADATA...", "metadata.goog."})
        EXPECT_FALSE(policy("*").admits_unresolved(host, 80)) << host;
    EXPECT_TRUE(policy("").admits_unresolved("a.1x", 80));
}

TEST(HostPolicy, AdmitsToProxiesWhatItCanTellByName) {
    EXPECT_TRUE(policy("").admits_unresolved("api.example.com", 443));
    EXPECT_FALSE(policy("").admits_unresolved("metadata.google.internal", 80));
    EXPECT_FALSE(policy("").admits_unresolved("169.254.169.254", 80));
    EXPECT_FALSE(policy("").admits_unresolved("[fe80::1]", 80));
    EXPECT_TRUE(policy("10.0.0.0/8").admits_unresolved("10.0.0.1", 443));
    EXPECT_FALSE(policy("10.0.0.0/8").admits_unresolved("collector", 443));
    EXPECT_TRUE(policy("10.0.0.0/8, collector").admits_unresolved("collector", 443));
}

TEST(HostPolicy, OfNobodyAdmitsNothing) {
    const HostPolicy nobody = HostPolicy::of_nobody();
    EXPECT_FALSE(nobody.admits("api.example.com", 443));
    EXPECT_FALSE(nobody.admits_unresolved("api.example.com", 443));
    EXPECT_FALSE(nobody.admits("api.example.com", 443, parse_address("8.8.8.8").value()));
    EXPECT_FALSE(nobody.admits("8.8.8.8", 443));
}

TEST(HostPolicy, AdmitsPortsOfTheList) {
    EXPECT_TRUE(admits("api.example.com:8443", "api.example.com", "8.8.8.8", 8443));
    EXPECT_FALSE(admits("api.example.com:8443", "api.example.com", "8.8.8.8", 443));
    EXPECT_TRUE(admits("[::1]:80", "localhost", "::1", 80));
    EXPECT_FALSE(admits("[::1]:80", "localhost", "::1", 81));
    EXPECT_TRUE(admits("::1", "localhost", "::1", 81));
    EXPECT_TRUE(admits("127.0.0.0/8:80", "localhost", "127.0.0.1", 80));
    EXPECT_FALSE(policy("127.0.0.1:80").admits("127.0.0.1", 8080));
}

TEST(HostPolicy, NamesTheEntryThatItCannotRead) {
    for (const char* entry : {"http://x", "a b", "10.0.0.0/33", "10.0.0.0/", "::1/129", "x:0", "x:65536",
                              "x:y", "*x", "x.*", "*.", "exämple.com", "x/8"}) {
        std::string bad_entry;
        EXPECT_FALSE(HostPolicy::parse("api.example.com, " + std::string(entry), bad_entry)) << entry;
        EXPECT_EQ(bad_entry, entry);
    }
}

}  // namespace
}  // namespace eventlog::net
