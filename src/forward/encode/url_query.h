// The query of a url.
//
//     UrlQuery query(url);
//     query.add_missing("wait", "1");
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace eventlog::forward {

// Edits `url` in place. Names are compared decoded, case included.
class UrlQuery {
  public:
    explicit UrlQuery(std::string& url) : url_(url) {}

    // The decoded value of the first parameter of that name.
    std::optional<std::string> value_of(std::string_view name) const;
    // Adds a parameter, in which nothing needs percent-encoding, unless there is one of that name.
    void add_missing(std::string_view name, std::string_view value);

  private:
    // Where the fragment begins, or the end.
    size_t end() const;

    std::string& url_;
};

// Whether a statement is ClickHouse's INSERT … FORMAT JSONEachRow.
bool is_clickhouse_insert(std::string_view statement);

}  // namespace eventlog::forward
