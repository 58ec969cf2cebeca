EXTENSION   = eventlog
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" eventlog.control)
MODULE_big  = eventlog

include src/pure.mk
SERVER_DIRS := src $(addprefix src/,pg runtime store context ingest follow pages feed retention erasure autonomous forward worker)
SRCS        := $(PURE_SRCS) $(filter-out $(PURE_SRCS),$(foreach dir,$(SERVER_DIRS),$(wildcard $(dir)/*.cpp)))
OBJS        := $(SRCS:.cpp=.o)

# See sql/README.md.
SQL_FIRST   := sql/code/00_triggers.sql
SQL_TABLES  := $(sort $(wildcard sql/tables/*.sql))
SQL_CODE    := $(filter-out $(SQL_FIRST),$(sort $(wildcard sql/code/*.sql)))
INSTALL_SQL := build/eventlog--$(EXTVERSION).sql
TEMPLATES   := $(wildcard sql/upgrades/*--$(EXTVERSION).sql)
UPGRADE_SQL := $(TEMPLATES:sql/upgrades/%=build/eventlog--%)
DATA_built  := $(INSTALL_SQL) $(UPGRADE_SQL)
# The scripts of released versions are kept as they were built: a release copies its scripts from build/ to sql/.
DATA        := $(filter-out $(DATA_built:build/%=sql/%),$(wildcard sql/eventlog--*.sql))
DOCS        := README.md

# EVENTLOG_PASS chooses what installcheck runs against: preload (default), executor (preloaded, slow insert path), nopreload.
EVENTLOG_PASS ?= preload
EVERYWHERE  := setup log_event limits naming defaults metadata envelope envelope_values batch try_log_events \
               idempotency ids transactions write_paths privileges append_only erasure indexes partitions retention \
               pages consumers target_options target_credentials target_functions targets statistics health
REGRESS     := $(EVERYWHERE) $(if $(filter nopreload,$(EVENTLOG_PASS)),nopreload,autonomous) lifecycle
ISOLATION   := $(basename $(notdir $(wildcard test/specs/*.spec)))

PG_CPPFLAGS := -Isrc -DEVENTLOG_VERSION='"$(EXTVERSION)"' -MMD -MP
SHLIB_LINK  := -lcurl -lcrypto -lz -luuid -lstdc++
# Template instances of the C++ library are not for others to link with.
SHLIB_EXPORTS := src/exports.txt
EXTRA_CLEAN := $(OBJS:.o=.d) src/exports.list build

# Bitcode of C++ helps nobody, and clang may not be there.
override with_llvm := no

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

MAJOR := $(shell $(PG_CONFIG) --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
REGRESS_OPTS = --inputdir=test --encoding=UTF8 $(if $(filter-out 15,$(MAJOR)),--expecteddir=.)
# The isolation tests' own output folder would hide the expected files from the servers before 16.
ISOLATION_OPTS = $(REGRESS_OPTS) --outputdir=.

comma := ,
# `make SANITIZE=1` builds with AddressSanitizer and UBSan.
SANITIZERS := $(if $(SANITIZE),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined)
override CXXFLAGS += -std=c++20 -Wall -Wextra -Werror -Wno-register -fvisibility=hidden -fvisibility-inlines-hidden $(SANITIZERS)
override LDFLAGS_SL += $(SANITIZERS)
override CFLAGS += $(SANITIZERS)

# The server's headers are not ours to warn about; the layers of src/pure.mk do not even see them.
SERVER_INCLUDE := $(shell $(PG_CONFIG) --includedir-server)
override CPPFLAGS := -isystem $(SERVER_INCLUDE) $(CPPFLAGS)
$(PURE_SRCS:.cpp=.o): override CPPFLAGS := -Isrc -DEVENTLOG_PURE -DEVENTLOG_VERSION='"$(EXTVERSION)"' -MMD -MP

all: $(DATA_built)
$(INSTALL_SQL): $(SQL_FIRST) $(SQL_TABLES) $(SQL_CODE)
$(UPGRADE_SQL): build/eventlog--%.sql: $(SQL_FIRST) sql/upgrades/%.sql build/table_comments.sql $(SQL_CODE)
$(INSTALL_SQL): COMMAND := CREATE EXTENSION eventlog
$(UPGRADE_SQL): COMMAND := ALTER EXTENSION eventlog UPDATE
$(DATA_built): eventlog.control
	@mkdir -p $(@D)
	{ printf '%s\n' '\echo Use "$(COMMAND)" to load this file. \quit'; cat $(filter %.sql,$^); } > $@
build/table_comments.sql: $(SQL_TABLES)
	@mkdir -p $(@D)
	awk '/^COMMENT ON /{ inside = 1 } inside { print } /;$$/{ inside = 0 }' $^ > $@

-include $(OBJS:.o=.d)
