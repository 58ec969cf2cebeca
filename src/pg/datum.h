// Conversions between the server's values and plain C++ values. All of them may ereport, so call them inside
// pg::call.
#pragma once

#include "pg/server.h"

#include "ids/uuid7.h"
#include "jsonb/view.h"

namespace eventlog::pg {

inline Datum uuid_datum(const ids::Uuid& id) {
    auto* uuid = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
    memcpy(uuid->data, id.data(), id.size());
    return UUIDPGetDatum(uuid);
}

inline ids::Uuid uuid_of(Datum datum) {
    ids::Uuid id;
    memcpy(id.data(), DatumGetUUIDP(datum)->data, id.size());
    return id;
}

inline Datum uuid_array_datum(std::span<const ids::Uuid> ids) {
    auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * (ids.size() + 1)));
    for (size_t i = 0; i < ids.size(); i++) values[i] = uuid_datum(ids[i]);
    return PointerGetDatum(
        construct_array(values, static_cast<int>(ids.size()), UUIDOID, UUID_LEN, false, TYPALIGN_CHAR));
}

inline Datum text_datum(std::string_view value) {
    return PointerGetDatum(cstring_to_text_with_len(value.data(), static_cast<int>(value.size())));
}

// Returns a view of a text datum, which is detoasted if necessary.
inline std::string_view text_view(Datum datum) {
    text* value = DatumGetTextPP(datum);
    return {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};
}

// Returns a view of a JSONB datum, which is detoasted if necessary.
inline jsonb::Container jsonb_view(Datum datum) {
    Jsonb* document = DatumGetJsonbP(datum);
    return jsonb::Container({VARDATA(document), VARSIZE(document) - VARHDRSZ});
}

// Returns the start of `text` for use in a message, cut on a character boundary.
inline char* excerpt(std::string_view text) {
    constexpr int kBytes = 64;
    return pnstrdup(text.data(), pg_mbcliplen(text.data(), static_cast<int>(text.size()), kBytes));
}

}  // namespace eventlog::pg
