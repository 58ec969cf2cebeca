// The CONTEXT of errors: what our own PL/pgSQL functions add to it tells a caller nothing.
#pragma once

namespace eventlog::pg {

// Leaves out of the CONTEXT of an error that is about to be raised the innermost functions that belong to the
// extension. May only be called when an error follows, because the server restores its stack of contexts only
// where it catches one.
void leave_out_own_frames();

}  // namespace eventlog::pg
