// Options in the form that catalogs and validators have: an array of texts name=value.
#pragma once

#include "pg/server.h"

namespace eventlog::forward {

struct GivenOption {
    const char* name;
    const char* value;
};

// Returns the options in the array. May ereport, so call it inside pg::call.
inline std::span<GivenOption> list_options(Datum array) {
    List* list = untransformRelOptions(array);
    auto* options = static_cast<GivenOption*>(palloc(sizeof(GivenOption) * (list_length(list) + 1)));
    size_t count = 0;
    ListCell* cell = nullptr;
    foreach (cell, list) {
        auto* option = static_cast<DefElem*>(lfirst(cell));
        options[count++] = {option->defname, option->arg != nullptr ? defGetString(option) : ""};
    }
    return {options, count};
}

}  // namespace eventlog::forward
