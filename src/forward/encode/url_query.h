// Reads and edits the query of a url.
//
//     UrlQuery query(url);
//     query.add_missing("wait", "1");
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace eventlog::forward {

// Edits `url` in place. Names are compared in decoded form and are case-sensitive.
class UrlQuery {
  public:
    explicit UrlQuery(std::string& url) : url_(url) {}

    // Returns the decoded value of the first parameter with that name, or nothing if there is none.
    std::optional<std::string> value_of(std::string_view name) const;
    // Adds a parameter unless one of that name exists. Nothing in it may need percent-encoding.
    void add_missing(std::string_view name, std::string_view value);

  private:
    // Returns the position of the fragment, or the end of the url.
    size_t end() const;

    std::string& url_;
};

// Returns whether a statement is an INSERT … FORMAT JSONEachRow of ClickHouse.
bool is_clickhouse_insert(std::string_view statement);

}  // namespace eventlog::forward
