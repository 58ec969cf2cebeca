/* Preloaded into a server that is not built with sanitizers, to load an extension that is; linked with -Wl,-z,initfirst. */
#include <stdlib.h>

/* AddressSanitizer initialises itself in the first allocation; left to a later library's constructor, that one hangs. */
__attribute__((constructor)) static void initialise_address_sanitizer(void) {
    void *volatile block = malloc(1);
    free(block);
}

/* UBSan reads its environment variable at its first report only, when the server has overwritten it with its title. */
const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void) { return "print_stacktrace=1:halt_on_error=1"; }
