# The tests that `make installcheck` runs: those that the server can run. It says which it leaves out, in one line.
#
# EVENTLOG_PASS=preload, executor (preloaded, slow insert path) or nopreload runs all tests that are meant for such a server,
# without asking the server whether it is one.
EVENTLOG_PASS ?=
INSTALLCHECK_PASS = $(or $(EVENTLOG_PASS),$(if $(filter eventlog,$(PRELOADED)),preload,nopreload))

SQL_TESTS       := setup log_event limits naming defaults metadata envelope envelope_values batch try_log_events \
                   idempotency ids transactions write_paths privileges restricted append_only erasure indexes partitions retention \
                   pages recent_events consumers target_options target_credentials target_functions targets statistics health \
                   rules public_objects
PRELOADED_TESTS := autonomous
PRELOADED_SPECS := id_order
PREPARING_SPECS := feed
SPECS           := $(basename $(notdir $(wildcard test/specs/*.spec)))

REGRESS   = $(SQL_TESTS) $(if $(filter nopreload,$(INSTALLCHECK_PASS)),nopreload,$(PRELOADED_TESTS)) lifecycle
ISOLATION = $(filter-out $(LEFT_OUT_UNPRELOADED) $(LEFT_OUT_UNPREPARED),$(SPECS))

# Only a server that was asked leaves something out.
LEFT_OUT_UNPRELOADED = $(if $(EVENTLOG_PASS)$(filter preload,$(INSTALLCHECK_PASS)),,$(PRELOADED_TESTS) $(PRELOADED_SPECS))
LEFT_OUT_UNPREPARED  = $(if $(EVENTLOG_PASS)$(filter-out 0,$(MAX_PREPARED)),,$(PREPARING_SPECS))

comma := ,
# The server is asked once, by installcheck alone.
SHOW         = $(shell '$(bindir)/psql' -XAt -d postgres -c 'SHOW $(1)')
PRELOADED    = $(eval PRELOADED := $(notdir $(subst ",,$(subst $(comma), ,$(call SHOW,shared_preload_libraries)))))$(PRELOADED)
MAX_PREPARED = $(eval MAX_PREPARED := $(call SHOW,max_prepared_transactions))$(MAX_PREPARED)

left_out = $(if $(strip $(1)),@echo "installcheck: left out for want of $(2): $(strip $(1))")

REGRESS_PREP := tell-what-is-left-out
.PHONY: tell-what-is-left-out
tell-what-is-left-out:
	$(call left_out,$(LEFT_OUT_UNPRELOADED),shared_preload_libraries = 'eventlog')
	$(call left_out,$(LEFT_OUT_UNPREPARED),max_prepared_transactions > 0)
