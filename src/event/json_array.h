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
    // Returns the number of commas directly inside the element. An object or array with a comma has one more
    // member.
    size_t commas() const { return commas_; }

    // Splits the text of an object into its members: `"key": value`.
    static JsonArray members_of(std::string_view object);
    // Returns the key of the member, with its quotes and escapes.
    std::string_view key() const;

  private:
    JsonArray() = default;

    std::string_view rest_;
    std::string_view element_;
    size_t commas_ = 0;
    bool is_array_ = false;
};

}  // namespace eventlog::event
