SELECT eventlog.warn_unless_preloaded();
