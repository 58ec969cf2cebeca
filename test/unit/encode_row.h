// A stored row for the encoders' tests, with metadata from JSON text.
#pragma once

#include <string_view>

#include "event/stored_row.h"
#include "jsonb_builder.h"

namespace eventlog::test {

// Event 0198b2c4-7e1a-7cc3-98c4-dc0c0c07398f of 1970 with no field but those that a row always has.
struct RowWith {
    explicit RowWith(std::string_view json) : metadata(json) {
        row.event_id = {0x01, 0x98, 0xb2, 0xc4, 0x7e, 0x1a, 0x7c, 0xc3,
                        0x98, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f};
        row.event_name = "unit.test";
        row.source = "unit";
        row.metadata = metadata.container();
    }
    RowWith(const RowWith&) = delete;
    RowWith& operator=(const RowWith&) = delete;

    Jsonb metadata;
    event::StoredRow row;
};

}  // namespace eventlog::test
