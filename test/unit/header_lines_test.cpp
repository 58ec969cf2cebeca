#include "forward/policy/header_lines.h"

#include <gtest/gtest.h>

namespace eventlog::forward {
namespace {

using Lines = std::vector<std::string>;

// Returns the DETAIL for the value, which is empty if the value is valid.
std::string fault(std::string_view text, bool credentials, Lines& lines) {
    const auto broken = parse_headers(text, credentials, lines);
    return broken ? broken->detail : "";
}

bool is_refused_as_credential(std::string_view text) {
    Lines lines;
    const auto broken = parse_headers(text, false, lines);
    return broken && broken->rule == rules::Rule::option_header_credential && lines.empty();
}

TEST(HeaderLines, ReadsALineEach) {
    Lines lines;
    EXPECT_EQ(fault("X-Tenant: acme\r\n\n  X-Env :x", true, lines),
              "Expected one line \"Name: value\" for each header.");
    lines.clear();
    EXPECT_EQ(fault("\nX-Tenant:acme corp \r\n \nX-Env:  a: b\tc\n", false, lines), "");
    EXPECT_EQ(lines, (Lines{"X-Tenant: acme corp", "X-Env: a: b\tc"}));
    EXPECT_EQ(header_name(lines[0]), "x-tenant");
}

TEST(HeaderLines, RefusesNoHeader) {
    Lines lines;
    EXPECT_NE(fault("", true, lines), "");
    EXPECT_NE(fault(" \n", true, lines), "");
}

TEST(HeaderLines, RefusesWhatIsNoHeader) {
    for (const char* text :
         {"no colon", ": value", "a b: c", "X-\xc3\xa9: c", "X-A:", "X-A: \t", "X-A: a\x01", "X-A: a\rb"}) {
        Lines lines;
        EXPECT_NE(fault(text, true, lines), "") << text;
        EXPECT_TRUE(lines.empty()) << text;
    }
}

TEST(HeaderLines, RefusesWhatIsSetElsewhere) {
    for (const char* name :
         {"Content-Type", "content-length", "Host", "Transfer-Encoding", "Expect", "Connection"}) {
        Lines lines;
        EXPECT_EQ(fault(std::string(name) + ": x", true, lines),
                  "Header \"" + std::string(name) + "\" is set by the extension itself.");
    }
}

TEST(HeaderLines, RefusesCredentialsWhereEveryoneCanRead) {
    for (const char* name :
         {"Authorization", "proxy-authorization", "Cookie", "X-Api-Key", "statsig-api-key",
          "X-ClickHouse-Key", "X-Auth-Token", "Client-Secret", "X-Auth", "x-password", "X-Credentials"}) {
        Lines lines;
        const std::string line = std::string(name) + ": x";
        EXPECT_TRUE(is_refused_as_credential(line)) << name;
        EXPECT_EQ(fault(line, true, lines), "") << name;
        EXPECT_EQ(lines, Lines{line});
    }
    for (const char* line : {"X-Forward: Bearer x", "X-Forward: basic eA=="}) {
        EXPECT_TRUE(is_refused_as_credential(line)) << line;
    }
    Lines lines;
    EXPECT_EQ(fault("X-ClickHouse-User: x\nX-Keyspace: y\nX-Plan: basics", false, lines), "");
}

}  // namespace
}  // namespace eventlog::forward
