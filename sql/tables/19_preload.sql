SELECT eventlog_internal.warn_unless_preloaded();
