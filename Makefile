EXTENSION   = eventlog
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" eventlog.control)
MODULE_big  = eventlog

.DEFAULT_GOAL := all
include src/pure.mk
include test/installcheck.mk
SERVER_DIRS := src $(addprefix src/,pg runtime store logs context ingest follow pages feed retention erasure autonomous forward worker)
SERVER_SRCS := $(filter-out $(PURE_SRCS),$(foreach dir,$(SERVER_DIRS),$(wildcard $(dir)/*.cpp)))
OBJS        := $(SERVER_SRCS:.cpp=.o) $(PURE_SRCS:.cpp=.o)

# See sql/README.md.
SQL_GUARD   := sql/guard.sql
SQL_SCHEMAS := sql/tables/00_schemas.sql
SQL_FIRST   := sql/code/00_triggers.sql
SQL_TABLES  := $(sort $(wildcard sql/tables/*.sql))
SQL_CODE    := $(filter-out $(SQL_FIRST),$(sort $(wildcard sql/code/*.sql)))
INSTALL_SQL := build/eventlog--$(EXTVERSION).sql
TEMPLATES   := $(wildcard sql/upgrades/*--$(EXTVERSION).sql)
UPGRADE_SQL := $(TEMPLATES:sql/upgrades/%=build/eventlog--%)
DATA_built  := $(INSTALL_SQL) $(UPGRADE_SQL)
# The scripts of released versions are kept as they were built: a release copies its scripts from build/ to sql/.
DATA        := $(filter-out $(DATA_built:build/%=sql/%),$(wildcard sql/eventlog--*.sql))
DOCS        := eventlog.md

PG_CPPFLAGS := -Isrc -DEVENTLOG_VERSION='"$(EXTVERSION)"' -MMD -MP
SHLIB_LINK  := -lcurl -lcrypto -lz -luuid -lstdc++
# Template instances of the C++ library are not for others to link with.
SHLIB_EXPORTS := src/exports.txt
EXTRA_CLEAN := $(DOCS) $(OBJS:.o=.d) src/exports.list build

# Bitcode of C++ helps nobody, and clang may not be there.
override with_llvm := no

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

MAJOR := $(shell $(PG_CONFIG) --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
REGRESS_OPTS = --inputdir=test --encoding=UTF8 $(if $(filter-out 15,$(MAJOR)),--expecteddir=.)
# The isolation tests' own output folder would hide the expected files from the servers before 16.
ISOLATION_OPTS = $(REGRESS_OPTS) --outputdir=.

# `make SANITIZE=1` builds with AddressSanitizer and UBSan.
SANITIZERS := $(if $(SANITIZE),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined)
# pg_config tells the flags of the server's compiler, which clang may not know; the server's macros count on volatile.
CLANG_FLAGS := $(if $(findstring clang,$(CXX)),-Wno-unknown-warning-option -Wno-deprecated-volatile)
override CXXFLAGS += -std=c++20 -Wall -Wextra -Werror -Wno-register $(CLANG_FLAGS) -fvisibility=hidden -fvisibility-inlines-hidden $(SANITIZERS)
override LDFLAGS_SL += $(SANITIZERS)
override CFLAGS += $(SANITIZERS)
# Most of the library is debug information, which no server loads; `make install KEEP_DEBUG=1` installs it too.
INSTALL_STRIP_FLAG := $(if $(KEEP_DEBUG)$(SANITIZE),,-s)

# The server's headers are not ours to warn about; the layers of src/pure.mk do not even see them.
SERVER_INCLUDE := $(shell $(PG_CONFIG) --includedir-server)
override CPPFLAGS := -isystem $(SERVER_INCLUDE) $(CPPFLAGS)
$(PURE_SRCS:.cpp=.o): private override CPPFLAGS := -Isrc -DEVENTLOG_PURE -DEVENTLOG_VERSION='"$(EXTVERSION)"' -MMD -MP

# The server's headers are compiled once, not once per source. PRECOMPILE=no turns that off, for example for ccache.
PRECOMPILE  ?= yes
PRECOMPILED := build/server.h
SERVER_OBJS := $(SERVER_SRCS:.cpp=.o)
ifneq ($(PRECOMPILE),no)
$(SERVER_OBJS): private override CPPFLAGS := -include $(PRECOMPILED) $(CPPFLAGS)
$(SERVER_OBJS): $(PRECOMPILED).gch
endif
# -MD, unlike -MMD, makes it depend on the headers of the server and of the C++ library too.
$(PRECOMPILED).gch: src/pg/server.h build/compiler
	echo '#include "pg/server.h"' > $(PRECOMPILED)
	$(CXX) $(CXXFLAGS) $(CPPFLAGS:-MMD=-MD) -x c++-header -c $(PRECOMPILED) -o $@

# Holds the compiler, its flags and the server's version: when they change, everything is compiled again.
BUILT_WITH := PRECOMPILE=$(PRECOMPILE) $(CXX) $(CXXFLAGS) $(CPPFLAGS) $(shell $(CXX) --version | head -n 1) $(shell $(PG_CONFIG) --version)
ifneq ($(strip $(BUILT_WITH)),$(strip $(shell cat build/compiler 2>/dev/null)))
.PHONY: build/compiler
endif
$(OBJS): build/compiler
build/compiler:
	@mkdir -p build && echo '$(subst ','\'',$(BUILT_WITH))' > $@

# All extensions share the folder of pages, so README.md is installed under the extension's name, and the others below it.
PAGES     := $(wildcard docs/*.md) CHANGELOG.md
PAGES_DIR := $(DESTDIR)$(docdir)/$(docmoduledir)/eventlog
all: $(DOCS)
$(DOCS): README.md
	sed -e 's|](docs/|](eventlog/|g' -e 's|](CHANGELOG.md)|](eventlog/CHANGELOG.md)|g' \
		-e 's/\[\([^]]*\)\]([a-z]*\/README\.md)/\1/g' $< > $@
.PHONY: install-pages uninstall-pages
install: install-pages
install-pages:
	$(MKDIR_P) '$(PAGES_DIR)'
	for page in $(PAGES); do sed 's|](docs/|](|g' $$page > '$(PAGES_DIR)'/$${page##*/} || exit; done
uninstall: uninstall-pages
uninstall-pages:
	rm -rf '$(PAGES_DIR)'

all: $(DATA_built)
$(INSTALL_SQL): $(SQL_GUARD) $(SQL_SCHEMAS) $(SQL_FIRST) $(filter-out $(SQL_SCHEMAS),$(SQL_TABLES)) $(SQL_CODE)
$(UPGRADE_SQL): build/eventlog--%.sql: $(SQL_GUARD) sql/moves/%.sql $(SQL_FIRST) sql/upgrades/%.sql build/table_comments.sql $(SQL_CODE)
$(INSTALL_SQL): COMMAND := CREATE EXTENSION eventlog
$(UPGRADE_SQL): COMMAND := ALTER EXTENSION eventlog UPDATE
$(DATA_built): eventlog.control
	@mkdir -p $(@D)
	{ printf '%s\n' '\echo Use "$(COMMAND)" to load this file. \quit'; cat $(filter %.sql,$^); } > $@
build/table_comments.sql: $(SQL_TABLES)
	@mkdir -p $(@D)
	awk '/^COMMENT ON /{ inside = 1 } inside { print } /;$$/{ inside = 0 }' $^ > $@

-include $(OBJS:.o=.d) $(PRECOMPILED).d
