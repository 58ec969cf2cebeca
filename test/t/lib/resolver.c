/*
 * Preloaded into the server by the tests: names under .test resolve to what the tests need, among it to nothing for
 * ever.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

typedef int Lookup(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static int ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), rest = strlen(end);

	return length >= rest && strcmp(name + length - rest, end) == 0;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
	Lookup *lookup = (Lookup *) dlsym(RTLD_NEXT, "getaddrinfo");
	struct addrinfo any_family;
	int error;

	if (name == NULL || !ends_with(name, ".test"))
		return lookup(name, service, hints, found);
	if (ends_with(name, ".hanging.test"))
		for (;;)
			pause();
	memset(&any_family, 0, sizeof(any_family));
	any_family.ai_socktype = SOCK_STREAM;
	if (ends_with(name, ".mapped.test"))
		return lookup("::ffff:169.254.169.254", service, &any_family, found);
	if (ends_with(name, ".local.test"))
		return lookup("127.0.0.1", service, &any_family, found);
	error = lookup("169.254.169.254", service, &any_family, found);
	if (error == 0 && ends_with(name, ".both.test"))
		error = lookup("127.0.0.1", service, &any_family, &(*found)->ai_next);
	return error;
}
