# The layers that know no server header: compiled without the server's include path, and unit-tested without a server.
PURE_DIRS := src/jsonb src/ids src/event src/forward/encode src/forward/delivery src/forward/policy
PURE_SRCS := $(foreach dir,$(PURE_DIRS),$(wildcard $(dir)/*.cpp)) src/read/snapshot.cpp src/forward/secrets.cpp \
             src/autonomous/block_pool.cpp src/autonomous/message.cpp
