#include "forward/encode/url_query.h"

#include <gtest/gtest.h>

namespace eventlog::forward {
namespace {

std::string value(std::string url, std::string_view name) {
    return UrlQuery(url).value_of(name).value_or("(none)");
}

std::string with(std::string url) {
    UrlQuery(url).add_missing("a", "1");
    return url;
}

TEST(UrlQuery, ValuesAreDecoded) {
    const char* url = "http://h/p?a=1&b=x%20y+z%c3%A9&c&d=&e=f=g&a=2&%61b=3&h=%2&i=%zz&j=100%#k=1?l=2";
    for (const auto& [name, expected] : std::initializer_list<std::pair<const char*, const char*>>{
             {"a", "1"},
             {"b", "x y zé"},
             {"c", ""},
             {"d", ""},
             {"e", "f=g"},
             {"ab", "3"},
             {"h", "%2"},
             {"i", "%zz"},
             {"j", "100%"},
             {"k", "(none)"},
             {"l", "(none)"},
             {"A", "(none)"},
             {"f", "(none)"},
         })
        EXPECT_EQ(value(url, name), expected) << name;
    EXPECT_EQ(value("http://h/a=1", "a"), "(none)");
}

TEST(UrlQuery, AddsWhatIsMissing) {
    EXPECT_EQ(with("http://h/p"), "http://h/p?a=1");
    EXPECT_EQ(with("http://h/p?b=2"), "http://h/p?b=2&a=1");
    EXPECT_EQ(with("http://h/p#f?a=2"), "http://h/p?a=1#f?a=2");
    EXPECT_EQ(with("http://h/p?b#f"), "http://h/p?b&a=1#f");
    for (const char* url : {"http://h/?a=2", "http://h/?b&a", "http://h/?%61=0"}) EXPECT_EQ(with(url), url);
}

TEST(IsClickHouseInsert, WhateverItsCaseAndSpaces) {
    for (const char* statement :
         {"INSERT INTO t FORMAT JSONEachRow", "insert into t (a, b) format jsoneachrow",
          " INSERT\tINTO\n t\r\n FORMAT  JSONEachRow ",
          "INSERT INTO t SETTINGS async_insert=1 FORMAT JSONEachRow"})
        EXPECT_TRUE(is_clickhouse_insert(statement)) << statement;
    for (const char* statement : {"", "INSERT", "SELECT 1 FORMAT JSONEachRow", "INSERT INTO t FORMAT CSV",
                                  "INSERTINTO t FORMAT JSONEachRow", "INSERT INTO t_format JSONEachRow"})
        EXPECT_FALSE(is_clickhouse_insert(statement)) << statement;
}

}  // namespace
}  // namespace eventlog::forward
