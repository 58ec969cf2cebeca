#include "forward/encode/uri_reference.h"

#include <gtest/gtest.h>

#include <vector>

namespace eventlog::forward {
namespace {

std::string reference(std::string_view text) {
    std::string out = "before:";
    append_uri_reference(out, text);
    EXPECT_TRUE(out.starts_with("before:"));
    return out.substr(7);
}

// RFC 3986: the examples of 1.1.2 without a bracket, and of 5.4.
TEST(UriReference, OneStaysAsItIs) {
    for (const char* text : {"ftp://ftp.is.co.za/rfc/rfc1808.txt",
                             "http://www.ietf.org/rfc/rfc2396.txt",
                             "mailto:John.Doe@example.com",
                             "news:comp.infosystems.www.servers.unix",
                             "tel:+1-816-555-1212",
                             "telnet://192.0.2.16:80/",
                             "urn:oasis:names:specification:docbook:dtd:xml:4.1.2",
                             "g:h",
                             "g",
                             "./g",
                             "g/",
                             "/g",
                             "//g",
                             "?y",
                             "g?y",
                             "#s",
                             "g#s",
                             "g?y#s",
                             ";x",
                             "g;x=1/./y",
                             "",
                             "..",
                             "../../g",
                             "g?y/./x",
                             "g#s/../x",
                             "https://ada:pw@shop.example:8443/a/b;c?d=e&f#g",
                             "file:///etc",
                             "http://h:/",
                             "a/b:c",
                             "service:events",
                             "100%25",
                             "a%20b",
                             "x::y",
                             "//h//p",
                             "a//b",
                             "@home"})
        EXPECT_EQ(reference(text), text);
}

TEST(UriReference, WhatDoesNotBelongIsEncoded) {
    for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
             {"my shop", "my%20shop"},
             {"größe", "gr%C3%B6%C3%9Fe"},
             {"\U0001f36a", "%F0%9F%8D%AA"},
             {"100%", "100%25"},
             {"100%zz%4", "100%25zz%254"},
             {"a\tb\"c<d>e\\f^g`h{i|j}k", "a%09b%22c%3Cd%3Ee%5Cf%5Eg%60h%7Bi%7Cj%7Dk"},
             {"a[0]", "a%5B0%5D"},
             {"a#b#c", "a#b%23c"},
             {"http://[::1]:80/", "http://%5B%3A%3A1%5D:80/"},
             {"//a:b", "//a%3Ab"},
             {"//a:1:2", "//a%3A1:2"},
             {"//a@b@c/d@e", "//a@b%40c/d@e"},
             {"s://ü:ä@ö", "s://%C3%BC:%C3%A4@%C3%B6"},
         })
        EXPECT_EQ(reference(text), expected);
}

TEST(UriReference, AColonThatEndsNoSchemeStaysInAPath) {
    for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
             {"1a:b", "./1a:b"},
             {"my_service:x", "./my_service:x"},
             {"a b:c", "./a%20b:c"},
             {":", "./:"},
             {"://a", "./://a"},
             {"é:é", "./%C3%A9:%C3%A9"},
         })
        EXPECT_EQ(reference(text), expected);
}

}  // namespace
}  // namespace eventlog::forward
