// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// Model: leases, the list of returned items, finishing without a lock, and join.
//
//   queue::ConsumerSide  src/queue/consumer_side.cc       take, take_more, take_one, settle, retire
//   queue::LogHead       src/queue/log_head.h             front, advance, finish_leaving
//   queue::LeaseHolder   src/queue/lease_holder.cc        finish, try_finish_fast, finish_within,
//                                                         settle_after_commit, notify_joiners,
//                                                         join, give_back
//   queue::LeaseTable    src/queue/lease_table.h          hand_out, try_finish_fast
//                        src/queue/lease_table.cc         pop_returned, push_returned, finish,
//                                                         rebuild_returned, retire, repair,
//                                                         complete_finish, settle_finishing,
//                                                         recount_finished, all_finished
//   queue::Records       src/queue/records.cc             count_finished
//   queue::Recovery      src/queue/recovery.cc            repair, reclaim, free_blocks_of,
//                                                         take_over
//   shm::SharedObject    src/shm/shared_object_deaths.cc  repair_locks, reclaim_dead,
//                                                         reclaim_all_dead
//
// The usual task_done() takes no lock while the head has not passed the item's chunk: it begins the
// intent `finishing` {item, its own counter} in its ParticipantSlot, exchanges the lease (the
// commit), exchanges its own counter, looks whether the chunk has been passed meanwhile, and ends
// the intent. unfinished() is put minus the sum of all counters. Once the chunk is passed, items
// are counted in it under the memory lock, and the last one frees it.
//
// Consumers take all items of one chunk, give one back, and finish the rest; another process joins.
// What is freed is used again at once. A killer ends processes between any two steps, repairers
// included.
//
// What must hold, in every state:
//   - at most one living process holds an item, and an item is finished once;
//   - the list of returned items names none that is not returned;
//   - the chunk is freed once, when all of its items are finished, and not before;
//   - afterwards the counters' sum is exact, nothing is left in the list, and join() has returned;
//   - no process waits for ever; without a death not even without slices (WITHOUT_SLICES).
//
// Locks and claims are one step each (lock.pml). WITHOUT_JOINER: no process joins; fewer states.

#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef ITEMS
#define ITEMS 2
#endif
// Consumers 0 and 1, and the fresh participant, which comes last and does not die.
#define CONSUMERS 2
#define LAST 2
#define NONE 15

// queue::LeaseWord, state and owner in one word
#define QUEUED 0
#define RETURNED 1
#define FINISHED 2
#define HELD(p) (4 + p)

mtype = { FREE, CHUNK, REUSED };       // the chunk's entry and its first_count
mtype = { NO_OP, PUSH, POP, FINISH };  // ListIntent, MemoryIntent

// ---- shared memory
byte lease[ITEMS];
byte head;                          // the first item that is not taken yet
bool retiring;                      // HeadState::leaving
bool listed[ITEMS];                 // the list of returned items, oldest first: its links
mtype list_op = NO_OP;
byte head_lock = NONE, memory_lock = NONE;
mtype chunk = CHUNK;
bool passed;                        // ChunkHeader: the head has left it
byte chunk_finished;                // and this many of its items are finished
mtype op = NO_OP;                   // State::memory_intent
byte op_item, op_chunk_finished, op_finished;
byte finished_in_order;             // State::finished: under the memory lock
byte finished[CONSUMERS + 1];       // ParticipantSlot::finished: its own counter
byte announced[CONSUMERS + 1] = NONE;  // ParticipantSlot::finishing: the item,
byte announced_count[CONSUMERS + 1];   // and the counter before
bool join_word;                     // State::all_done
bool reclaimed[CONSUMERS + 1];

// ---- the kernel
bool alive[CONSUMERS + 1] = true;
byte claim[CONSUMERS + 1] = NONE;
bool joiner_asleep;

// ---- what only the checker knows
bool is_finished[ITEMS];
bool done[CONSUMERS + 1];
bool joined;

#define DEAD(p) (!alive[p] && !reclaimed[p])
#define CLAIMABLE(p) (DEAD(p) && (claim[p] == NONE || !alive[claim[p]]))
#define ANY_LISTED (listed[0] || listed[ITEMS - 1])
#define ALL_FINISHED (finished_in_order + finished[0] + finished[1] + finished[LAST] == ITEMS)

// The commit: one store. That an item is finished by its holder, once, is the checker's.
#define COMMIT_FINISH(i, by) \
    d_step { assert(chunk == CHUNK && lease[i] == HELD(by) && !is_finished[i]); \
             lease[i] = FINISHED; is_finished[i] = true }

// BlockPool::give of the chunk, under the memory lock.
inline give_chunk() {
    d_step { assert(chunk == CHUNK && is_finished[0] && is_finished[ITEMS - 1]); chunk = FREE }
}

// Records::count_finished: how many leases of the chunk are finished. Under the memory lock; each
// lease changes once, and a process that finishes one after this look at it sees `passed`.
inline scan() {
    n = 0;
    k = 0;
    do
    :: d_step { k < ITEMS -> n = n + (lease[k] == FINISHED); k++ }
    :: d_step { k == ITEMS -> k = 0; chunk_finished = n } break
    od
}

// ---- repair, by the holder of the claim

// LeaseTable::recount_finished: of a chunk that the head has left.
inline recount_finished() {
    if
    :: passed ->
        scan();
        if
        :: chunk_finished == ITEMS -> give_chunk()
        :: else
        fi
    :: else
    fi
}

// LeaseTable::settle_finishing, under the memory lock. Idempotent. When the chunk is gone, so is
// the lease: it was committed. (What lies there now proves nothing.)
inline settle_finishing(whose) {
    if
    :: announced[whose] != NONE ->
#ifdef MUTANT_repairer_trusts_a_lease_in_reused_memory
        if
        :: lease[announced[whose]] == FINISHED ->
#else
        if
        :: chunk != CHUNK || lease[announced[whose]] == FINISHED ->
#endif
            finished[whose] = announced_count[whose] + 1;
            if
            :: chunk == CHUNK -> recount_finished()
            :: else
            fi
        :: else
        fi;
        announced[whose] = NONE
    :: else
    fi
}

// LeaseTable::complete_finish in a passed chunk: idempotent, from the described values.
inline complete_finish() {
    finished_in_order = op_finished + 1;
    chunk_finished = op_chunk_finished + 1;
    if
    :: chunk == CHUNK && chunk_finished == ITEMS -> give_chunk()
    :: else
    fi;
    op = NO_OP
}

// SharedObject::repair_locks: LeaseTable::repair for the memory lock. What a dead holder of the
// head lock had begun is left to settle_head().
inline repair_locks(dead) {
    if
    :: memory_lock == dead ->
        if
        :: op == FINISH && lease[op_item] == FINISHED -> complete_finish()
        :: else -> op = NO_OP
        fi;
        memory_lock = NONE
    :: else
    fi;
    if
    :: head_lock == dead -> head_lock = NONE
    :: else
    fi
}

inline check_owner(p) {
    if
    :: d_step { CLAIMABLE(p) -> claim[p] = me; d = p }
        repair_locks(d);
        d_step { claim[d] = NONE; d = 0 }
    :: else
    fi
}
inline acquire_head() {
    do
    :: d_step { head_lock == NONE -> head_lock = me } break
    :: head_lock == 0 && CLAIMABLE(0) -> check_owner(0)
    :: head_lock == 1 && CLAIMABLE(1) -> check_owner(1)
    od
}
inline acquire_memory() {
    do
    :: d_step { memory_lock == NONE -> memory_lock = me } break
    :: memory_lock == 0 && CLAIMABLE(0) -> check_owner(0)
    :: memory_lock == 1 && CLAIMABLE(1) -> check_owner(1)
    od
}

// ConsumerSide::settle, with LogHead::finish_leaving and LeaseTable::rebuild_returned: what a dead
// holder of the head lock left to be done.
inline settle_head() {
    if
    :: retiring -> retire()
    :: else
    fi;
#ifndef MUTANT_list_is_not_rebuilt
    if
    :: list_op != NO_OP ->
        // The truth of the list is the leases; only holders of the head lock change to or from
        // `returned`: one step.
        d_step {
            k = 0;
            do
            :: k < ITEMS -> listed[k] = (chunk == CHUNK && lease[k] == RETURNED); k++
            :: else -> k = 0; break
            od
        }
        list_op = NO_OP
    :: else
    fi
#endif
}

// ConsumerSide::retire, LeaseTable::retire. The head has left the chunk: from now on it is counted
// under the memory lock.
inline retire() {
    acquire_memory();
    if
    :: chunk == CHUNK ->  // and its first_count is still the same
#ifdef MUTANT_scans_before_it_says_passed
        scan();
        passed = true;
        if
        :: chunk_finished == ITEMS -> give_chunk()
        :: else
        fi
#else
        passed = true;  // an exchange: the looks at the leases come after it
        recount_finished()
#endif
    :: else
    fi;
    d_step { n = 0; memory_lock = NONE }
    retiring = false
}

// LeaseTable::push_returned, under the head lock.
inline push_returned(i) {
    list_op = PUSH;
    listed[i] = true;
    lease[i] = RETURNED;
    list_op = NO_OP
}

// SharedObject::reclaim_dead with Recovery::reclaim and take_over, then
// ParticipantTable::release_slot.
inline sweep(dead) {
    repair_locks(dead);
    acquire_head();
    settle_head();
    acquire_memory();
    settle_finishing(dead);
    d_step { n = 0; memory_lock = NONE }
    do
    :: i < ITEMS ->
        if
        :: chunk == CHUNK && lease[i] == HELD(dead) && i < head -> push_returned(i)
        :: else
        fi;
        i++
    :: d_step { i == ITEMS -> i = 0 } break
    od;
    head_lock = NONE;
    reclaimed[dead] = true;
    notify_all()  // SharedObject::wake_all
}

inline notice_one() {
    if
    :: d_step { CLAIMABLE(0) -> claim[0] = me; v = 0 }
    :: d_step { CLAIMABLE(1) -> claim[1] = me; v = 1 }
    fi;
    sweep(v);
    d_step { claim[v] = NONE; v = 0 }
}

// ---- consumers

// ConsumerSide::take and take_one: an item that was returned, or the front of the log. `got` is the
// item, or NONE.
inline get() {
    acquire_head();
    settle_head();
    if
    :: ANY_LISTED ->  // LeaseTable::pop_returned
        d_step { got = (listed[0] -> 0 : ITEMS - 1); assert(lease[got] == RETURNED) }
        list_op = POP;
        lease[got] = HELD(me);
        listed[got] = false;
        list_op = NO_OP
    :: !ANY_LISTED && head < ITEMS ->
        // LeaseTable::hand_out, then LogHead::advance, the commit: the head's position.
        d_step { got = head; assert(!is_finished[got] && lease[got] != FINISHED);
                 lease[got] = HELD(me) }
        head++
    :: !ANY_LISTED && head == ITEMS -> leave_chunk()
    fi;
    head_lock = NONE
}
// LogHead::front at the end of the chunk: once.
inline leave_chunk() {
    if
    :: chunk == CHUNK && !passed -> retiring = true; retire()
    :: else
    fi
}
// ConsumerSide::take_more, of get_many: looks for another item while it holds the first.
inline look_for_more() {
    acquire_head();
    settle_head();
    if
    :: head == ITEMS -> leave_chunk()
    :: else
    fi;
    head_lock = NONE
}

// LeaseHolder::give_back.
inline give_back() {
    acquire_head();
    settle_head();
    assert(lease[got] == HELD(me));
    push_returned(got);
    head_lock = NONE
}

// EventCount::notify_all, and the look at the word before it. Exchange and wake are one step: a
// wake-up may die with its sender, which the slices make up for (bell.pml).
inline notify_all() { d_step { join_word = false; joiner_asleep = false } }

// LeaseHolder::notify_joiners with LeaseTable::all_finished: each counter is one load. They only
// grow. The look whether an item waits to be taken is left out.
inline sum_up() {
    n = finished_in_order;
    n = n + finished[0];
    n = n + finished[1];
    n = n + finished[LAST]
}
inline announce_finished() {
    if
    :: join_word ->
        sum_up();
        if
        :: n == ITEMS -> notify_all()
        :: else
        fi;
        n = 0
    :: else
    fi
}

// LeaseHolder::finish.
inline finish() {
    if
    :: !passed -> try_finish_fast()
    :: else -> finish_patiently()
    fi
}

inline try_finish_fast() {
    // Intent::begin: two stores, of which the first means nothing without the second.
    d_step { announced_count[me] = finished[me]; announced[me] = got }
#ifdef MUTANT_counts_before_the_commit
    finished[me] = announced_count[me] + 1;
    COMMIT_FINISH(got, me);
#else
    COMMIT_FINISH(got, me);
#ifdef MUTANT_looks_at_the_bell_before_it_counts
    // As if the counter were a plain store: it may come into sight after the look.
    announce_finished();
#endif
    finished[me] = announced_count[me] + 1;
#endif
    if
#ifdef MUTANT_does_not_look_at_passed_again
    :: true -> announced[me] = NONE
#else
    :: !passed -> announced[me] = NONE
    // LeaseHolder::settle_after_commit: the recount may have seen this lease or not. So again.
    :: else ->
        acquire_memory();
#ifdef MUTANT_counts_a_raced_item_again
        if
        :: chunk == CHUNK ->
            chunk_finished++;
            if
            :: chunk_finished >= ITEMS -> give_chunk()
            :: else
            fi
        :: else
        fi;
        announced[me] = NONE;
#else
        settle_finishing(me);
#endif
        d_step { n = 0; memory_lock = NONE }
#endif
    fi;
#ifndef MUTANT_looks_at_the_bell_before_it_counts
    announce_finished()
#else
    skip
#endif
}

// LeaseHolder::finish_within, LeaseTable::finish: begin_intent, the commit, complete_finish. What
// is described means nothing without `op`.
inline finish_patiently() {
    acquire_memory();
    atomic { op_item = got; op_chunk_finished = chunk_finished; op_finished = finished_in_order;
             op = FINISH }
    COMMIT_FINISH(got, me);
    complete_finish();
    memory_lock = NONE;
    announce_finished()
}

proctype Consumer(byte me) provided (alive[me]) {
    byte got = NONE, i, k, n, d, v;
    bool gave_back = (me != 0);  // the first one gives one back
    do
    :: ANY_LISTED || head < ITEMS || (chunk == CHUNK && !passed) ->
        get();
        if
        :: got == NONE
        :: d_step { got != NONE && !gave_back -> gave_back = true } give_back()
        :: got != NONE && gave_back -> finish()
        :: me == 1 && got != NONE && head == ITEMS && !passed -> look_for_more(); finish()
        fi;
        got = NONE
    // EventCount::wait: at the end of a slice it looks for deaths (SharedObject::on_wait_timeout).
    :: !ANY_LISTED && head == ITEMS && (CLAIMABLE(0) || CLAIMABLE(1)) -> notice_one()
    :: !ANY_LISTED && head == ITEMS && chunk != CHUNK -> break
    od;
    done[me] = true
}

// LeaseHolder::join. The consumers above look for deaths in its place.
proctype Joiner() {
    byte n;
    do
    ::
        join_word = true;
        sum_up();
        if
        :: n >= ITEMS -> break
        :: else
        fi;
        n = 0;
        if
        :: d_step { join_word -> joiner_asleep = true }
            if
            :: !joiner_asleep
#ifndef WITHOUT_SLICES
            :: d_step { joiner_asleep && ALL_FINISHED -> joiner_asleep = false }
#endif
            fi
        :: !join_word
        fi
    od;
    atomic { assert(is_finished[0] && is_finished[ITEMS - 1]); joined = true }
}

// Whatever was a chunk is something else now: leases of other items, still queued.
proctype Reuser() {
    d_step { chunk == FREE -> chunk = REUSED; lease[0] = QUEUED; lease[ITEMS - 1] = QUEUED }
}

proctype Last(byte me) {
    byte got = NONE, i, k, n, d, v;
    timeout;
#ifdef WITHOUT_SLICES
    assert(joined);
#endif
    do
    :: DEAD(0) || DEAD(1) -> notice_one()
    :: !DEAD(0) && !DEAD(1) && (ANY_LISTED || head < ITEMS || (chunk == CHUNK && !passed)) ->
        get();
        if
        :: got != NONE -> finish()
        :: else
        fi;
        got = NONE
    :: else -> break
    od;
    timeout;
    assert(chunk == REUSED && !ANY_LISTED && op == NO_OP && list_op == NO_OP);
    assert(ALL_FINISHED && joined);
    assert(head_lock == NONE && memory_lock == NONE);
    assert((done[0] || !alive[0]) && (done[1] || !alive[1]))
}

proctype Killer() {
    byte deaths;
    do
    :: atomic { deaths < DEATHS ->
            if
            :: alive[0] && !done[0] -> alive[0] = false
            :: alive[1] && !done[1] -> alive[1] = false
            fi;
            deaths++ }
    :: break
    od
}

init {
    atomic {
        run Consumer(0);
        run Consumer(1);
#ifdef WITHOUT_JOINER
        joined = true;
#else
        run Joiner();
#endif
        run Reuser();
        run Last(LAST);
        run Killer()
    }
}
