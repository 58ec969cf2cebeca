// Splits the text of a JSON array into the texts of its elements.
//
//     event::JsonArray array(text);
//     if (!array.is_array()) ...
//     while (array.next()) use(array.element());
#pragma once

#include <string_view>

namespace eventlog::event {

// `text` must be valid JSON (the server's json type has checked it), so only strings and nesting are
// examined.
class JsonArray {
  public:
    explicit JsonArray(std::string_view text);
    bool is_array() const { return is_array_; }
    bool next();
    // Returns the element's text without the white space around it.
    std::string_view element() const { return element_; }

  private:
    std::string_view rest_;
    std::string_view element_;
    bool is_array_ = false;
};

}  // namespace eventlog::event
