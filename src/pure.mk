# The layers that know no server header: compiled without the server's include path, and unit-tested without a server.
# $(PURE_ROOT) is the path of the checkout, with a slash at its end; empty: the current folder.
PURE_DIRS := $(addprefix $(PURE_ROOT)src/,jsonb ids rules event net forward/encode forward/delivery forward/policy)
PURE_SRCS := $(foreach dir,$(PURE_DIRS),$(wildcard $(dir)/*.cpp)) \
             $(addprefix $(PURE_ROOT)src/,follow/snapshot.cpp store/release.cpp forward/secrets.cpp autonomous/block_pool.cpp autonomous/message.cpp)
