/*
 * The handoff of one attempt, written a second time and by other means: from the rules of the protocol and from what QEMU was measured to do, not from the C# code. What can be
 * the end of it, and with how few faults, must be the same here and in the exhaustive search of the production code (PromelaTwinTests); each would hide its own mistake otherwise.
 *
 * One process; every transition is one atomic step of one party, so every interleaving is explored. A transition wears its name in STEP or FAULT; the tests drop each of them in
 * turn (environment variable DROPPED) to show that the comparison notices it, and plant defects (PLANTED) to show that spin finds them.
 *
 * Left out, as in the search it is compared with: coordinators' crashes and epochs, lost stores, lost hosts, late messages, a third party's cont, a second attempt. A message is
 * delivered at once or later (the sender repeats it); its answer may be lost. Reports to the coordinator are facts read in the step in which they are used.
 */
#ifndef FAULTS
#define FAULTS 1                 /* how many may happen on one path */
#endif
#ifndef CANCELS
#define CANCELS 1                /* whether a client may ask for cancel, at any time */
#endif

mtype = {
    r_none, r_running, r_paused, r_finishmigrate, r_postmigrate, r_inmigrate,                       /* run state */
    m_none, m_setup, m_active, m_preswitchover, m_device, m_completed, m_failed, m_cancelling, m_cancelled,  /* status */
    w_idle, w_continuing, w_sending, w_finishing, w_settling, w_without_images,                                   /* what the migration thread does */
    l_absent, l_alive, l_failed, l_gone,                                                                      /* a process */
    k_none, k_open, k_closed_by_source, k_closed_by_destination, k_broken,                          /* the stream's connection */
    a_none, a_awaited, a_loaded, a_load_failed, a_lost,                                             /* the destination's word on the return path */
    v_none, v_gone, v_runs, v_stands, v_copying, v_cancelling, v_preswitchover, v_device, v_done, v_done_runs,  /* what the source agent saw last */
    v_receiving, v_loaded,                                                                          /* ... and the destination agent */
    g_none, g_empty, g_run, g_refused,                                                              /* the decision register */
    n_undecided, n_gate_closed, n_run, n_running, n_refused,                                        /* its answers */
    j_not, j_open, j_closed,                                                                        /* the parity gate */
    Preparing, Handoff, InDoubt, Verifying, Finishing, RollingBack, Succeeded, Cancelled, Failed, Lost
};

/* ---- QEMU: the source, the destination, and what flows between them ---- */
bool sAlive = true;
mtype sRun = r_running, sMig = m_none, sWork = w_idle;
mtype dLife = l_absent, dRun = r_none, dMig = m_none;
bool dAutostart, dRingsDiffer;
mtype link = k_none, ack = a_none;
bool stalled;
byte sent;                       /* 0 nothing, 1 memory, 2 everything the destination needs to load */

#define S_RUNS (sAlive && sRun == r_running)
#define D_ALIVE (dLife == l_alive)
#define D_RUNS (D_ALIVE && dRun == r_running)
#define S_USES_STREAM (sAlive && (sWork == w_sending || sWork == w_finishing || sWork == w_settling || sMig == m_active || sMig == m_preswitchover || sMig == m_device))
#define S_IN_PROGRESS (sMig == m_setup || sMig == m_active || sMig == m_preswitchover || sMig == m_device || sMig == m_cancelling)
#define S_SEES_END (link == k_closed_by_source || link == k_broken || (link == k_closed_by_destination && !stalled))
#define D_SEES_END (link == k_closed_by_destination || link == k_broken || (link == k_closed_by_source && !stalled))
#define D_LISTENS (D_ALIVE && dMig == m_setup)

/* ---- the source agent: records survive, the rest is forgotten in a crash ---- */
bool sUp = true;
bool started, tombstone, completedRecorded, refusalStored;
mtype sView = v_none, answer = n_undecided;
bool issued, continued, cancelWanted, deadlinePassed, yanked, endWanted;

#define S_ACTUAL (!sAlive -> v_gone : ((sMig == m_completed) -> (sRun == r_running -> v_done_runs : v_done) : \
    ((sMig == m_setup || sMig == m_active) -> v_copying : ((sMig == m_cancelling) -> v_cancelling : ((sMig == m_preswitchover) -> v_preswitchover : \
    ((sMig == m_device) -> v_device : ((sRun == r_running) -> v_runs : v_stands)))))))
#define S_OBSERVABLE (sUp && !(sAlive && sWork == w_sending))          /* while the device state is sent the main lock is held */
#define S_OVER (started && issued)
#define HOME (sView != v_none && sView != v_gone && (!started || (issued && (sView == v_runs || (sView == v_done_runs && refusalStored)))))
#define COPYING (S_OVER && (sView == v_copying || sView == v_cancelling))
#define SWITCHING (S_OVER && (sView == v_preswitchover || sView == v_device))
#define HANDED_OVER (S_OVER && sView == v_done && !refusalStored)
#define RESUMING (S_OVER && sView == v_done && refusalStored)
#define STRANDED (S_OVER && sView == v_stands)
#define WANTS_REFUSAL (cancelWanted || deadlinePassed || answer == n_gate_closed)

/* ---- the destination agent with the register ---- */
bool dUp = true;
mtype reg = g_none;
bool everRefused, runningRecorded, withdrawing;
mtype dView = v_none, gate = j_not;
bool preparedHere, launched, abandoned, releasedNoted, refusalNoted, setRunHere, contSent, contFailed;

#define D_ACTUAL (!D_ALIVE -> v_gone : (dRun == r_running -> v_runs : (dRun == r_inmigrate -> v_receiving : v_loaded)))
#define LOADED (reg == g_empty && dView == v_loaded)
#define GRANTED (reg == g_run && !runningRecorded && dView != v_none && dView != v_gone)
#define REFUSED_AND_DEAD (reg == g_refused && dView == v_gone)
#define MAY_WITHDRAW (withdrawing || (setRunHere && (!contSent || contFailed)))
#define ABOUT_TO_RUN (releasedNoted && LOADED && gate == j_not)

/* ---- the coordinator: authorises, cancels, cleans up, ends the source ---- */
mtype phase = Preparing;
bool prepared, rehearsed, cancelAsked, cancelRequested, timedOut, owesCleanUp, owesEnd;

#define WANTS_BACK (cancelRequested || timedOut)
#define IN_HANDOFF (phase == Handoff || phase == InDoubt)
#define SOURCE_KEPT (phase == RollingBack || phase == Cancelled || phase == Failed)
#define MOVED_ON (phase == Verifying || phase == Finishing || phase == Succeeded)

byte faults;
bool calm;

/* The kinds of faults that happened. Deaths are always remembered, because a good end depends on them. */
short past;
#define SOURCE_DIES 0
#define DESTINATION_DIES 1
#define CONNECTION_FAILS 2
#define DEVICE_STATE_IN_BUFFER 3
#define LOCK_RELEASED_STALLED 4
#define STAYS_WITHOUT_IMAGES 5
#define LOADS_WITH_OTHER_RINGS 6
#define LOAD_FAILS 7
#define STREAM_BREAKS 8
#define STREAM_STALLS 9
#define TAIL_LOST 10
#define ACKNOWLEDGEMENT_LOST 11
#define SOURCE_AGENT_CRASHES 12
#define DESTINATION_AGENT_CRASHES 13
#define CONT_FAILS 14
#ifndef KINDS
#define KINDS 32767              /* which kinds may happen, as bits */
#endif
#ifndef REMEMBERED
#define REMEMBERED 3             /* ... and which of them are kept in the state */
#endif
#define DIED(kind) ((past & (1 << kind)) != 0)

#define GOES_ON (sAlive && (sMig == m_setup || sMig == m_active || sMig == m_preswitchover || sMig == m_device))
inline check() {
    if
    :: S_RUNS && D_RUNS -> printf("VIOLATION: two copies run\n"); assert(false)
    :: D_RUNS && reg != g_run -> printf("VIOLATION: the destination runs without register run\n"); assert(false)
    :: SOURCE_KEPT && D_RUNS -> printf("VIOLATION: the guest runs at the destination although the source keeps it\n"); assert(false)
    :: SOURCE_KEPT && GOES_ON -> printf("VIOLATION: a migration goes on after its end was recorded\n"); assert(false)
    :: MOVED_ON && S_RUNS -> printf("VIOLATION: the guest runs at the source after it has moved\n"); assert(false)
    :: phase == Lost && (S_RUNS || D_RUNS) -> printf("VIOLATION: the guest runs although it was recorded as lost\n"); assert(false)
    :: else
    fi
}
/* A loaded copy may be the last one: only its source's request refuses it, or the clean-up of an attempt that is over. */
inline refusedAlone() {
    if :: D_ALIVE && dMig == m_completed -> printf("VIOLATION: a loaded copy is refused, and not by its source\n"); assert(false) :: else fi;
    setRefused()
}

c_decl { static char *dropped, *planted; }
#define PLANTED(name) c_expr { (planted && !strcmp(planted, #name)) }
#define MAY(name) c_expr { (!dropped || strcmp(dropped, #name)) }
#define STEP(name, guard) d_step { (guard) && MAY(name) ->
#define PLANT(name, guard) d_step { (guard) && PLANTED(name) ->
#define FAULT(name, kind, guard) d_step { !calm && faults < FAULTS && (KINDS & (1 << kind)) && (guard) && MAY(name) -> faults++; past = past | ((1 << kind) & REMEMBERED)
#define END check() }

inline closeBySource() {
    if
    :: link == k_open -> link = k_closed_by_source
    :: link == k_closed_by_destination -> link = k_broken; stalled = false
    :: else
    fi
}
inline closeByDestination() {
    if
    :: link == k_open -> link = k_closed_by_destination
    :: link == k_closed_by_source -> link = k_broken; stalled = false
    :: else
    fi
}
/* What can no longer have an effect is forgotten: fewer states. */
inline tidy() {
    if
    :: S_USES_STREAM && sWork != w_settling
    :: !(S_USES_STREAM && sWork != w_settling) && (S_USES_STREAM || (D_ALIVE && dMig == m_active)) -> ack = a_none
    :: else -> link = k_none; stalled = false; sent = 0; ack = a_none
    fi
}
inline sourceFails() {
    sMig = m_failed;
    sWork = (sRun == r_finishmigrate -> w_settling : w_idle);
    closeBySource(); tidy()
}
inline sourceEnds() {
    if :: S_USES_STREAM -> closeBySource() :: else fi;
    sAlive = false; sRun = r_none; sMig = m_none; sWork = w_idle; tidy()
}
inline destinationEnds(life) {
    if :: dMig == m_active || dMig == m_completed -> closeByDestination() :: else fi;
    dLife = life; dRun = r_none; dMig = m_none; dAutostart = false; dRingsDiffer = false; tidy()
}
inline loadFails() {
    if :: ack == a_awaited && link == k_open -> ack = a_load_failed :: else fi;
    destinationEnds(l_failed)
}
inline loads() {
    dRun = (dAutostart -> r_running : r_paused);
    dMig = m_completed; dAutostart = false; tidy()
}
/* cont has no guard in postmigrate: that is the hole which the register closes. */
inline contSource() {
    if
    :: sAlive && sRun != r_finishmigrate && !(sWork == w_without_images && D_ALIVE && dRun != r_inmigrate) ->
        sRun = r_running;
        if :: sWork == w_without_images -> sWork = w_idle :: else fi
    :: else
    fi
}
/* A success in inmigrate too, where it silently cancels -S. */
inline contDestination() {
    if
    :: D_ALIVE && dRun == r_inmigrate -> dAutostart = true
    :: D_ALIVE && dRun != r_inmigrate -> dRun = r_running
    :: else
    fi
}
inline setRefused() {
    everRefused = true;
    if :: reg == g_empty -> reg = g_refused :: else fi
}
/* The answer of a decided register; `refused` is said only when the copy is proven dead. */
#define STORED_ANSWER ((reg == g_run) -> (runningRecorded -> n_running : n_run) : (REFUSED_AND_DEAD -> n_refused : n_undecided))
#define RELEASED_ANSWER ((reg == g_empty) -> (gate == j_closed -> n_gate_closed : n_undecided) : STORED_ANSWER)
/* Answers may overtake each other: a decision is not undone by an older, weaker word. */
#define NEWS(said) (!refusalStored && (said) != answer && !((said) == n_undecided && answer != n_undecided) \
    && !((said) == n_gate_closed && (answer == n_run || answer == n_running)) && !((said) == n_run && answer == n_running))
#define HEAR(said) answer = (said); refusalStored = (answer == n_refused)
#define RELEASES (HANDED_OVER && (answer == n_run || !WANTS_REFUSAL) || (SWITCHING && continued && PLANTED(release_in_device)))
#define SENDS_RELEASED (sUp && !endWanted && answer != n_running && (RELEASES || (started && sView == v_gone && completedRecorded && !WANTS_REFUSAL)))
#define RESUMES (RESUMING || (STRANDED && refusalStored) || (HANDED_OVER && deadlinePassed && PLANTED(resume_without_proof)))
#define SENDS_REFUSE (sUp && (STRANDED && !refusalStored || (HANDED_OVER && !endWanted && answer != n_running && answer != n_run && WANTS_REFUSAL)))

#include "outcome.pml"

#define GOOD_END ((phase == Succeeded && (D_RUNS || DIED(DESTINATION_DIES)) && !S_RUNS && !owesEnd) \
    || ((phase == Cancelled || phase == Failed) && (S_RUNS || DIED(SOURCE_DIES)) && !owesCleanUp && !D_ALIVE) \
    || (phase == Lost && DIED(SOURCE_DIES) && !D_RUNS) \
    || (phase == InDoubt && (DIED(SOURCE_DIES) || DIED(DESTINATION_DIES)) && !S_RUNS && !D_RUNS))

active proctype world() {
    c_code { dropped = getenv("DROPPED"); planted = getenv("PLANTED"); };
    do
    /* ---- the source's QEMU ---- */
    :: STEP(connects, sAlive && sWork == w_idle && sMig == m_setup && D_LISTENS)
        sMig = m_active; dMig = m_active; link = k_open; stalled = false; sent = 1; ack = a_awaited; END
    :: STEP(connection_refused, sAlive && sWork == w_idle && sMig == m_setup && !D_LISTENS) sMig = m_failed; tidy(); END
    :: FAULT(connection_fails, CONNECTION_FAILS, sAlive && sWork == w_idle && sMig == m_setup && D_LISTENS); sMig = m_failed; tidy(); END
    :: STEP(copy_fails, sAlive && sWork == w_idle && sMig == m_active && S_SEES_END) sourceFails(); END
    :: STEP(converges, sAlive && sWork == w_idle && sMig == m_active && !S_SEES_END && !stalled)
        sRun = r_finishmigrate; sMig = m_preswitchover; END        /* from here it notices nothing, not even a dead destination, until migrate-continue */
    :: STEP(continues, sAlive && sWork == w_continuing) sMig = m_device; sWork = w_sending; END        /* the thread wakes up some time after migrate-continue was answered */
    :: STEP(sending_fails, sAlive && sWork == w_sending && S_SEES_END) sourceFails(); END
    :: STEP(device_state_sent, sAlive && sWork == w_sending && !S_SEES_END && !stalled && sent < 2) sent = 2; END
    :: FAULT(device_state_in_buffer, DEVICE_STATE_IN_BUFFER, sAlive && sWork == w_sending && !S_SEES_END && stalled && sent < 2); sent = 2; END
    :: STEP(lock_released, sAlive && sWork == w_sending && !S_SEES_END && !stalled && sent == 2) sWork = w_finishing; END
    :: FAULT(lock_released_stalled, LOCK_RELEASED_STALLED, sAlive && sWork == w_sending && !S_SEES_END && stalled && sent == 2); sWork = w_finishing; END
    :: STEP(completes, sAlive && sWork == w_finishing && ack == a_loaded && !stalled)
        sMig = m_completed; sWork = w_settling; closeBySource(); tidy(); END
    :: STEP(finishing_fails, sAlive && sWork == w_finishing && ((ack == a_load_failed && !stalled) || (S_SEES_END && (ack == a_awaited || ack == a_lost)))) sourceFails(); END
    :: STEP(settles, sAlive && sWork == w_settling)                /* completed: postmigrate; failed or cancelled: resumed, by itself */
        sWork = w_idle;
        if :: sMig == m_cancelling -> sMig = m_cancelled :: else fi;
        if
        :: sRun == r_finishmigrate && sMig == m_completed -> sRun = r_postmigrate
        :: sRun == r_finishmigrate && sMig != m_completed -> sRun = r_running
        :: else
        fi;
        tidy(); END
    :: FAULT(stays_without_images, STAYS_WITHOUT_IMAGES, sAlive && sWork == w_settling && sMig != m_completed && sRun == r_finishmigrate && sent == 2);
        sWork = w_without_images;
        if :: sMig == m_cancelling -> sMig = m_cancelled :: else fi;
        sRun = r_paused; tidy(); END
    :: FAULT(source_dies, SOURCE_DIES, sAlive); sourceEnds(); END

    /* ---- the destination's QEMU and the network ---- */
    :: STEP(acknowledges, D_ALIVE && dMig == m_completed && link == k_open && ack == a_awaited) ack = a_loaded; tidy(); END
    :: STEP(loads_equal, D_ALIVE && dMig == m_active && sent == 2 && !stalled) loads(); END
    :: FAULT(loads_with_other_rings, LOADS_WITH_OTHER_RINGS, D_ALIVE && dMig == m_active && sent == 2 && !stalled); dRingsDiffer = true; loads(); END
    :: STEP(stream_ends_early, D_ALIVE && dMig == m_active && D_SEES_END && sent < 2) loadFails(); END
    :: FAULT(load_fails, LOAD_FAILS, D_ALIVE && dMig == m_active && !(D_SEES_END && sent < 2)); loadFails(); END
    :: FAULT(stream_breaks, STREAM_BREAKS, link == k_open); link = k_broken; stalled = false; tidy(); END
    :: FAULT(stream_stalls, STREAM_STALLS, link == k_open && !stalled); stalled = true; tidy(); END
    :: STEP(stall_ends, stalled) stalled = false; tidy(); END
    :: FAULT(tail_lost, TAIL_LOST, sent == 2 && D_ALIVE && dMig == m_active); link = k_broken; stalled = false; sent = 1; tidy(); END
    :: FAULT(acknowledgement_lost, ACKNOWLEDGEMENT_LOST, ack == a_loaded || ack == a_load_failed); link = k_broken; stalled = false; ack = a_lost; tidy(); END
    :: FAULT(destination_dies, DESTINATION_DIES, D_ALIVE); destinationEnds(l_gone); END

    /* ---- the source agent ---- */
    :: FAULT(source_agent_crashes, SOURCE_AGENT_CRASHES, sUp);
        sUp = false; sView = v_none; answer = n_undecided; issued = started;
        continued = false; cancelWanted = false; deadlinePassed = false; yanked = false; endWanted = false; END
    :: STEP(source_agent_restarts, !sUp) sUp = true; END
    :: STEP(source_observed, S_OBSERVABLE && sView != S_ACTUAL) sView = S_ACTUAL; END
    :: STEP(deadline_passes, sUp && (SWITCHING || HANDED_OVER || STRANDED) && (!deadlinePassed || yanked)) deadlinePassed = true; yanked = false; END
    :: STEP(migrate_issued, sUp && started && !issued && sView != v_none && sView != v_gone)
        issued = true; sView = v_none;
        if :: sAlive && !S_IN_PROGRESS && sWork == w_idle -> sMig = m_setup :: else fi; END
    :: STEP(copy_cancelled, sUp && COPYING && cancelWanted && sView != v_cancelling && sAlive && S_IN_PROGRESS && (sWork == w_idle || sWork == w_continuing) && sMig != m_setup)
        sMig = m_cancelling; sWork = w_settling; closeBySource(); tidy(); END
    :: STEP(setup_cancelled, sUp && COPYING && cancelWanted && sView != v_cancelling && sAlive && sMig == m_setup) sMig = m_cancelling; sWork = w_settling; END
    :: STEP(connection_cancelled, sUp && COPYING && cancelWanted && sView != v_cancelling && sAlive && sMig == m_setup && D_LISTENS)
        sMig = m_cancelling; sWork = w_settling; dMig = m_active; link = k_closed_by_source; sent = 0; ack = a_none; END
    :: STEP(switchover_cancelled, sUp && SWITCHING && sView == v_preswitchover && !continued && (cancelWanted || deadlinePassed) && sAlive && sMig == m_preswitchover && (sWork == w_idle || sWork == w_continuing))
        sMig = m_cancelling; sWork = w_settling; closeBySource(); tidy(); END
    :: STEP(switchover_cancelled_late, sUp && SWITCHING && sView == v_preswitchover && !continued && (cancelWanted || deadlinePassed) && sAlive && sMig == m_device && sWork == w_finishing)
        sMig = m_cancelling; sWork = w_settling; closeBySource(); tidy(); END      /* continued by an earlier life of the agent: the command waits for the main lock */
    :: STEP(switchover_continued, sUp && SWITCHING && sView == v_preswitchover
            && ((!continued && !cancelWanted && !deadlinePassed) || (continued && !(deadlinePassed && !yanked))))
        continued = true; sView = v_none;
        if :: sAlive && sMig == m_preswitchover -> sWork = w_continuing :: else fi; END
#define YANKS (sUp && S_OVER && deadlinePassed && !yanked && (sView == v_none || sView == v_device || (sView == v_preswitchover && continued)))
#define YANKABLE (S_USES_STREAM && sWork != w_settling)
    :: STEP(yank_closes, YANKS && YANKABLE && !((ack == a_loaded || ack == a_load_failed) && stalled))
        yanked = true; sView = v_none; closeBySource(); tidy(); END
    :: STEP(yank_loses_word, YANKS && YANKABLE && (ack == a_loaded || ack == a_load_failed))     /* come in, but not read yet: read from a closed socket, or not */
        yanked = true; sView = v_none; closeBySource(); ack = a_lost; tidy(); END
    :: STEP(yank_in_vain, YANKS && !YANKABLE) yanked = true; sView = v_none; END
    :: STEP(completion_recorded, sUp && HANDED_OVER && !endWanted && !completedRecorded) completedRecorded = true; END
    :: STEP(source_resumes, sUp && RESUMES) contSource(); END
    :: STEP(source_ended, sUp && HANDED_OVER && endWanted && sAlive) 
        if :: !runningRecorded -> printf("VIOLATION: the source is ended although the destination has not recorded Running\n"); assert(false) :: else fi;
        sourceEnds(); END

    /* ---- agent to agent; whether the answer comes back or is lost makes two steps ---- */
    :: STEP(released_heard, SENDS_RELEASED && dUp && reg == g_empty && !releasedNoted) releasedNoted = true; END
    :: STEP(released_answered, SENDS_RELEASED && dUp && (reg != g_empty || releasedNoted) && NEWS(RELEASED_ANSWER)) HEAR(RELEASED_ANSWER); END
    :: STEP(refuse_noted, SENDS_REFUSE && dUp && reg == g_empty && ABOUT_TO_RUN && !refusalNoted) refusalNoted = true; END
    :: STEP(refuse_heard, SENDS_REFUSE && dUp && reg == g_empty && (!ABOUT_TO_RUN || refusalNoted)) setRefused(); END
    :: STEP(refuse_answered, SENDS_REFUSE && dUp && reg != g_empty && NEWS(STORED_ANSWER)) HEAR(STORED_ANSWER); END

    /* ---- the destination agent ---- */
    :: FAULT(destination_agent_crashes, DESTINATION_AGENT_CRASHES, dUp);
        dUp = false; dView = v_none; preparedHere = false; launched = false; abandoned = false; releasedNoted = false; refusalNoted = false; gate = j_not; setRunHere = false; contSent = false; contFailed = false;
        if :: reg == g_run && PLANTED(register_not_durable) -> reg = g_empty; runningRecorded = false :: else fi;
        END
    :: STEP(destination_agent_restarts, !dUp) dUp = true; END
    :: STEP(launches, dUp && reg == g_empty && preparedHere && !launched && !D_ALIVE)
        launched = true; dView = v_none; dLife = l_alive; dRun = r_inmigrate; dMig = m_setup; END
    :: STEP(destination_observed, dUp && reg != g_none && (launched || !preparedHere || reg != g_empty) && dView != D_ACTUAL)
        dView = D_ACTUAL;
        if
        :: reg == g_empty && dView == v_gone -> refusedAlone()                        /* its own QEMU is gone: nothing to lose */
        :: reg == g_empty && abandoned && dView == v_receiving && dMig == m_setup -> setRefused()         /* the source is dead, and nobody has connected */
        :: reg == g_run && !runningRecorded && dView == v_gone && MAY_WITHDRAW -> reg = g_refused; everRefused = true
        :: reg == g_run && dView == v_runs -> runningRecorded = true
        :: else
        fi; END
    :: STEP(gate_opens, dUp && ABOUT_TO_RUN && !dRingsDiffer) gate = j_open; reg = g_run; setRunHere = true; END
    :: STEP(gate_closes, dUp && ABOUT_TO_RUN && dRingsDiffer) gate = j_closed; END
    :: STEP(guest_continued, dUp && GRANTED && !withdrawing && dView == v_loaded) contSent = true; contFailed = false; dView = v_none; contDestination(); END
    :: FAULT(cont_fails, CONT_FAILS, dUp && GRANTED && !withdrawing && dView == v_loaded && D_ALIVE && !D_RUNS && !contFailed);
        contSent = true; contFailed = true; dView = v_none; withdrawing = setRunHere; END
    :: STEP(copy_ended, dUp && D_ALIVE && ((GRANTED && withdrawing) || (reg == g_refused && dView != v_none && dView != v_gone))) destinationEnds(l_gone); END

    /* ---- planted defects: for the tests of this model ---- */
    :: PLANT(cont_before_the_gate, dUp && LOADED && releasedNoted) contDestination(); END
    :: PLANT(cont_on_inmigrate, dUp && reg == g_empty && dView == v_receiving && !contSent) contSent = true; contDestination(); END
    :: PLANT(refuses_by_timer, dUp && LOADED) refusedAlone(); END
    :: PLANT(gate_refuses_alone, dUp && ABOUT_TO_RUN && dRingsDiffer) refusedAlone(); END

    /* ---- the coordinator ---- */
    :: STEP(cancel_asked, CANCELS && !cancelAsked)
        cancelAsked = true;
        cancelRequested = (phase == Preparing || IN_HANDOFF || phase == RollingBack); END
    :: STEP(phase_times_out, !timedOut && (phase == Preparing || phase == Handoff)) timedOut = true; END
    :: STEP(prepare_accepted, phase == Preparing && !prepared && !WANTS_BACK && dUp && reg == g_none && !everRefused) reg = g_empty; preparedHere = true; END
    :: STEP(prepare_rejected, phase == Preparing && !prepared && !WANTS_BACK && dUp && reg == g_refused) phase = RollingBack; owesCleanUp = true; END
    :: STEP(preparation_ends, phase == Preparing && (WANTS_BACK || (dUp && reg == g_refused && dView != v_none))) phase = RollingBack; owesCleanUp = true; END
    :: STEP(source_gone_early, phase == Preparing && sUp && sView == v_gone) phase = Lost; owesCleanUp = true; END
    :: STEP(listening, phase == Preparing && !prepared && !WANTS_BACK && dUp && reg == g_empty && launched && dView == v_receiving) prepared = true; END
    :: STEP(rehearses, phase == Preparing && prepared && !rehearsed && sUp && dUp) rehearsed = true; END
    :: STEP(authorises, phase == Preparing && prepared && rehearsed && !WANTS_BACK && sUp && HOME && !tombstone) phase = Handoff; END
    :: STEP(starts, IN_HANDOFF && !WANTS_BACK && sUp && !started && !tombstone && HOME) started = true; END
    :: STEP(cancels_before_start, IN_HANDOFF && WANTS_BACK && sUp && !started && !tombstone) tombstone = true; END
    :: STEP(cancels_attempt, IN_HANDOFF && WANTS_BACK && sUp && started && !cancelWanted) cancelWanted = true; END
    :: STEP(hears_running, IN_HANDOFF && dUp && runningRecorded) phase = Verifying; owesEnd = true; END
    :: STEP(hears_source_home, IN_HANDOFF && sUp && HOME && (started || tombstone)) phase = RollingBack; owesCleanUp = true; END
    :: STEP(hears_lost, IN_HANDOFF && sUp && sView == v_gone && ((!started && tombstone) || (dUp && REFUSED_AND_DEAD))) phase = Lost; owesCleanUp = true; END
    :: STEP(doubts_evidence, phase == Handoff && sUp && sView == v_gone && dUp
            && ((LOADED && !completedRecorded) || (reg == g_run && !runningRecorded && dView == v_gone))) phase = InDoubt; END
    :: STEP(abandons, IN_HANDOFF && sUp && sView == v_gone && !completedRecorded && dUp && reg == g_empty && dView == v_receiving && !abandoned) abandoned = true; dView = v_none; END
    :: STEP(doubts_silence, phase == Handoff && (timedOut || (sUp && sView == v_gone))) phase = InDoubt; END
    :: STEP(judges, phase == Verifying) phase = Finishing; END
    :: STEP(ends_source, owesEnd && sUp && HANDED_OVER && !endWanted) endWanted = true; END
    :: STEP(source_end_seen, owesEnd && sUp && sView == v_gone) owesEnd = false; END
    :: STEP(succeeds, phase == Finishing) phase = Succeeded; END                        /* debts settled, or the deadline: they stay owed */
    :: STEP(cleans_up, owesCleanUp && dUp && reg != g_run && !everRefused) setRefused(); END
    :: STEP(clean_up_seen, owesCleanUp && dUp && everRefused && (reg == g_none || REFUSED_AND_DEAD)) owesCleanUp = false; END
    :: STEP(rolled_back, phase == RollingBack) phase = (cancelRequested -> Cancelled : Failed); END

    /* ---- no fault any more, and nothing left to do: the end must be a good one ---- */
    :: !calm && faults < FAULTS -> calm = true
    :: timeout -> break
    od;
    atomic {
        report();
        if :: !(GOOD_END) -> printf("VIOLATION: no good end\n"); assert(false) :: else fi
    }
}
