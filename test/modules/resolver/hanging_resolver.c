/*
 * Preloaded into a server: a name below .hanging takes HANGING_RESOLVER_SECONDS to be found unknown. Other names are
 * looked up as ever.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int (*Lookup)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    static const char suffix[] = ".hanging";
    size_t length = node == NULL ? 0 : strlen(node);
    if (length >= strlen(suffix) && strcmp(node + length - strlen(suffix), suffix) == 0)
    {
        const char *seconds = getenv("HANGING_RESOLVER_SECONDS");
        unsigned left = seconds == NULL ? 0 : (unsigned) atoi(seconds);
        while (left > 0)
            left = sleep(left);
        return EAI_NONAME;
    }
    Lookup next = (Lookup) dlsym(RTLD_NEXT, "getaddrinfo");
    return next(node, service, hints, found);
}
