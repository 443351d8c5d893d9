/* What somebody could read off a final state, in the words of Outcome.cs: the two are compared as text. */
inline report() {
    printf("OUTCOME "); printm(phase); printf(", register ");
    if
    :: reg == g_none -> printf("none") :: reg == g_empty -> printf("empty") :: reg == g_refused -> printf("refused")
    :: reg == g_run && !runningRecorded -> printf("run") :: else -> printf("running")
    fi;
    printf(", source ");
    if
    :: sAlive && sRun == r_running -> printf("running/") :: sAlive && sRun == r_paused -> printf("paused/") :: sAlive && sRun == r_postmigrate -> printf("postmigrate/")
    :: sAlive && sRun == r_finishmigrate -> printf("finish-migrate/") :: else -> printf("gone")
    fi;
    if
    :: !sAlive :: sAlive && sMig == m_none -> printf("none") :: sAlive && sMig == m_setup -> printf("setup") :: sAlive && sMig == m_active -> printf("active")
    :: sAlive && sMig == m_preswitchover -> printf("pre-switchover") :: sAlive && sMig == m_device -> printf("device") :: sAlive && sMig == m_completed -> printf("completed")
    :: sAlive && sMig == m_failed -> printf("failed") :: sAlive && sMig == m_cancelling -> printf("cancelling") :: sAlive && sMig == m_cancelled -> printf("cancelled")
    fi;
    printf(", destination ");
    if
    :: dLife == l_absent -> printf("absent") :: dLife == l_failed -> printf("failed") :: dLife == l_gone -> printf("gone") :: D_RUNS -> printf("runs")
    :: D_ALIVE && dRun == r_inmigrate -> printf("receives") :: else -> printf("loaded")
    fi;
    if :: dRingsDiffer -> printf(" with other rings") :: else fi;
    printf(", records:");
    if :: tombstone -> printf(" tombstone") :: else fi;
    if :: started -> printf(" started") :: else fi;
    if :: completedRecorded -> printf(" completed") :: else fi;
    if :: refusalStored -> printf(" refused") :: else fi;
    if :: owesCleanUp -> printf(" owes-clean-up") :: else fi;
    if :: owesEnd -> printf(" owes-end") :: else fi;
    printf(", faults:");
    if :: past & (1 << SOURCE_DIES) -> printf(" source-dies") :: else fi;
    if :: past & (1 << DESTINATION_DIES) -> printf(" destination-dies") :: else fi;
    if :: past & (1 << CONNECTION_FAILS) -> printf(" connection-fails") :: else fi;
    if :: past & (1 << DEVICE_STATE_IN_BUFFER) -> printf(" device-state-in-buffer") :: else fi;
    if :: past & (1 << LOCK_RELEASED_STALLED) -> printf(" lock-released-stalled") :: else fi;
    if :: past & (1 << STAYS_WITHOUT_IMAGES) -> printf(" stays-without-images") :: else fi;
    if :: past & (1 << LOADS_WITH_OTHER_RINGS) -> printf(" loads-with-other-rings") :: else fi;
    if :: past & (1 << LOAD_FAILS) -> printf(" load-fails") :: else fi;
    if :: past & (1 << STREAM_BREAKS) -> printf(" stream-breaks") :: else fi;
    if :: past & (1 << STREAM_STALLS) -> printf(" stream-stalls") :: else fi;
    if :: past & (1 << TAIL_LOST) -> printf(" tail-lost") :: else fi;
    if :: past & (1 << ACKNOWLEDGEMENT_LOST) -> printf(" acknowledgement-lost") :: else fi;
    if :: past & (1 << SOURCE_AGENT_CRASHES) -> printf(" source-agent-crashes") :: else fi;
    if :: past & (1 << DESTINATION_AGENT_CRASHES) -> printf(" destination-agent-crashes") :: else fi;
    if :: past & (1 << CONT_FAILS) -> printf(" cont-fails") :: else fi;
    printf("; faults %d\n", faults)
}
