// Checks at compile time that src/jsonb reads and writes the server's own binary layout.
#include "pg/server.h"

#include "jsonb/view.h"

namespace eventlog::jsonb {

static_assert(kOffLenMask == JENTRY_OFFLENMASK);
static_assert(kTypeMask == JENTRY_TYPEMASK);
static_assert(kHasOffset == JENTRY_HAS_OFF);
static_assert(kIsString == JENTRY_ISSTRING);
static_assert(kIsNumeric == JENTRY_ISNUMERIC);
static_assert(kIsFalse == JENTRY_ISBOOL_FALSE);
static_assert(kIsTrue == JENTRY_ISBOOL_TRUE);
static_assert(kIsNull == JENTRY_ISNULL);
static_assert(kIsContainer == JENTRY_ISCONTAINER);
static_assert(kOffsetStride == JB_OFFSET_STRIDE);
static_assert(kCountMask == JB_CMASK);
static_assert(kScalarFlag == JB_FSCALAR);
static_assert(kObjectFlag == JB_FOBJECT);
static_assert(kArrayFlag == JB_FARRAY);

}  // namespace eventlog::jsonb
