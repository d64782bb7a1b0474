// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// Model: the lock that knows its owner, which process is alive, and which one repairs.
//
//   shm::RobustLock        src/shm/robust_lock.h, robust_lock.cc   the word, the sleepers' bit,
//                                                                  the slices
//   shm::ParticipantTable  src/shm/participant_table.cc            claim_slot, publish, leave,
//                                                                  release_predecessor, is_dead,
//                                                                  try_claim, release_slot
//   shm::SharedObject      src/shm/shared_object.cc                own_slot, owner_to_check,
//                                                                  check_owner, give_up_all
//                          src/shm/shared_object_deaths.cc         repair_locks, reclaim_dead,
//                                                                  reclaim_all_dead
//   shm::OpenObject        src/shm/open_object.cc                  close, leave
//   queue::Recovery        src/queue/recovery.cc                   repair, reclaim
//
// Processes join, change what the lock guards (x, then y), own something, and leave. There are
// fewer slots than processes, so newcomers get slots of the dead, reclaimed before or not. A killer
// ends processes between any two steps, repairers and newcomers included.
//
// What must hold, in every state:
//   - at most one thread is in the critical section, the repairer counting as one;
//   - a thread that enters it finds what the lock guards whole (x == y);
//   - a word that a participant wrote is never taken for a stray one (which poisons the queue);
//   - a newcomer's slot owns nothing and holds no lock of its last owner;
//   - no process waits for ever: when nothing can move, every living process has come to its end;
//   - afterwards a fresh participant finds everything whole and leaves nothing behind.
//
// A step of the model is one load, store or exchange of shared memory, or one system call, and may
// be followed by death. Where a d_step or atomic holds more than that, the comment says why.

// TWO: two processes instead of three. THREADS: the same, but the first has two threads.
// MEMBERS: as many as there are slots have joined already. WITHOUT_NAMES: the look at the
// lock's owner is one step; fewer states.
#ifdef THREADS
#define PROCESSES 3
#define ACTORS 4
#define PROCESS_OF(a) (a <= 1 -> 0 : a - 1)
#elif defined(TWO)
#define PROCESSES 3
#define ACTORS 3
#define PROCESS_OF(a) (a)
#else
#define PROCESSES 4
#define ACTORS 4
#define PROCESS_OF(a) (a)
#endif
// The last one is the fresh participant, which comes when all others have ended and does not die.
#define LAST (PROCESSES - 1)

// DEATHS: how many.
#ifndef SLOTS
#define SLOTS 2
#endif
#define NONE 7
#define SLEEPERS 8
#define OWNER_OF(w) ((w & 7) - 1)  // RobustLock::owner_of, token_of_owner
#define WITHOUT_SLEEPERS(w) (w & 119)
// ParticipantTable::owner_token_of, plus 1: the slot and a tag that is made of its epoch.
#define NAME(s, count) ((s + 1) | (count << 4))
#define EPOCHS 8

// ---- shared memory
byte word;             // RobustLock::word_: 0, or the owner's name + 1, and the sleepers' bit
bool joined[SLOTS];    // shm::ParticipantSlot::state
byte epoch[SLOTS];  // shm::ParticipantSlot::epoch, modulo EPOCHS
byte x, y;             // what the lock guards: y follows x
bool owns[SLOTS];      // a block in the unit table whose owner is this slot

// ---- the kernel
bool alive[PROCESSES] = true;
byte byte_lock[SLOTS] = NONE;  // os::ByteLock: which process has the slot's byte, while it lives
bool asleep[ACTORS];           // in FUTEX_WAIT on `word`

// ---- memory of one process
byte slot[PROCESSES] = NONE;  // ParticipantTable::slot()
byte threads[PROCESSES];      // of each, not yet at their end

// ---- what only the checker knows
byte inside = NONE;  // the actor in the critical section
bool done[ACTORS];

// ByteLock::is_locked: by any process.
#define IS_LOCKED(s) (byte_lock[s] != NONE && alive[byte_lock[s]])
// ParticipantTable::is_dead: looks at the state, then asks the kernel; anything may happen between.
#define SEEMS_JOINED(s) (joined[s] && s != slot[process])

// os::futex_wake(word, 1): the kernel picks one of the sleepers. atomic: a system call.
inline wake_one() {
    atomic {
        if
        :: asleep[0] -> asleep[0] = false
        :: asleep[1] -> asleep[1] = false
        :: asleep[2] -> asleep[2] = false
        :: else
        fi
    }
}

// ByteLock::unlock, by its holder.
inline unlock_byte(s) { d_step { assert(byte_lock[s] == process); byte_lock[s] = NONE } }
// ByteLock::try_lock and try_claim, as the guard of what follows their success. They also exclude
// the other threads of this process.
#ifdef MUTANT_bytes_do_not_exclude_threads
#define LOCK_BYTE(s) d_step { !IS_LOCKED(s) || byte_lock[s] == process -> byte_lock[s] = process }
#else
#define LOCK_BYTE(s) d_step { !IS_LOCKED(s) -> byte_lock[s] = process }
#endif

// ParticipantTable::is_dead and try_claim; `mine` says whether this thread has the claim.
inline claim_if_dead(s) {
    if
    :: SEEMS_JOINED(s) ->
        if
        :: !IS_LOCKED(s) ->
#ifdef MUTANT_repairs_without_a_claim
            mine = true
#else
            if
            :: LOCK_BYTE(s) ->
                if
                :: d_step { joined[s] -> mine = true }
                :: else -> unlock_byte(s)
                fi
            :: IS_LOCKED(s)
            fi
#endif
        :: else
        fi
    :: else
    fi
}
inline release_claim(s) {
#ifndef MUTANT_repairs_without_a_claim
    unlock_byte(s)
#else
    skip
#endif
}
// ParticipantTable::renew: by the process that has the byte lock.
#ifdef WITHOUT_NAMES
#define renew(s)
#else
#define renew(s) epoch[s] = (epoch[s] + 1) % EPOCHS;
#endif

// RobustLock::release: one exchange, then a look at what it gave. `inside` is the checker's.
inline release() {
    if
    :: d_step { (word & SLEEPERS) == 0 -> word = 0; inside = NONE }
    :: d_step { (word & SLEEPERS) != 0 -> word = 0; inside = NONE }
       wake_one()
    fi
}

// SharedObject::repair_locks with Recovery::repair, by the holder of the claim: takes no lock.
inline repair_locks(s) {
    if
    :: word != 0 && OWNER_OF(word) == s ->  // RobustLock::is_owned_by: one load
#ifdef MUTANT_releases_before_the_repair
        release();
        y = x
#else
        // The only store of this repair. The checker asks that no living thread is inside.
        d_step { assert(inside == NONE || inside == actor || !alive[PROCESS_OF(inside)]);
                 inside = actor; y = x }
        assert(word != 0 && OWNER_OF(word) == s);
        release()
#endif
    :: else
    fi
}

// SharedObject::owner_to_check: `suspect`, or NONE while the owner changes. A word that does not
// fit is shm::Corrupt. WITHOUT_NAMES: futex_wait() has the suspect from the slice's end.
inline owner_to_check() {
    if
    :: d_step { word == 0 -> suspect = NONE }
    :: d_step { word != 0 -> seen = WITHOUT_SLEEPERS(word); suspect = OWNER_OF(word) }
        count = epoch[suspect];
        if
        :: d_step { WITHOUT_SLEEPERS(word) != seen -> suspect = NONE }
        :: else ->
            stale = joined[suspect];
            if
            :: d_step { epoch[suspect] != count -> suspect = NONE }
            :: else -> assert(stale && seen == NAME(suspect, count))
            fi
        fi
    fi;
    d_step { seen = 0; count = 0; stale = false }
}

// SharedObject::check_owner, called by a thread that waits for the lock.
inline check_owner() {
#ifndef WITHOUT_NAMES
    owner_to_check();
#endif
    if
    :: suspect != NONE ->
        claim_if_dead(suspect);
        if
        :: d_step { mine -> mine = false }
           repair_locks(suspect);
           release_claim(suspect)
        :: else
        fi
    :: else
    fi;
    suspect = NONE
}

// A compare-exchange from 0 that succeeds: one instruction, a guard. `inside` is the checker's.
#define ENTER(value) d_step { word == 0 -> word = value; assert(inside == NONE); inside = actor }

// RobustLock::acquire, acquire_slowly. Spinning repeats the compare-exchange and is left out.
inline acquire() {
    if
    :: ENTER(name)
    :: else ->
        do
        // A load of 0 and a compare-exchange. When the second fails, nothing has happened.
#ifdef MUTANT_enters_without_the_sleepers_bit
        :: ENTER(name) -> break
#else
        :: ENTER(name | SLEEPERS) -> break
#endif
        // A load, and where the bit is missing, a compare-exchange that adds it. Again: when it
        // fails, nothing has happened.
        :: d_step { word != 0 -> word = word | SLEEPERS; seen = word }
           futex_wait()
        od
    fi;
    // What the lock guards is whole.
    assert(x == y)
}

// os::futex_wait: FUTEX_WAIT compares and goes to sleep in one step of the kernel.
inline futex_wait() {
    if
    :: d_step { word != seen -> seen = 0 }
    :: d_step { word == seen -> asleep[actor] = true }
        if
        :: d_step { !asleep[actor] -> seen = 0 }  // woken
#ifndef WITHOUT_SLICES
        // The slice ends. When neither the word has changed nor the owner is dead, the waiter
        // would find nothing and sleep again in the same state: that end is left out, so that a
        // waiter which no slice can help is seen to hang.
        :: d_step { asleep[actor] && (word != seen || !IS_LOCKED(OWNER_OF(seen))) ->
                    asleep[actor] = false; suspect = OWNER_OF(seen); seen = 0 }
           check_owner()
#endif
        fi
    fi
}

// SharedObject::reclaim_dead with Recovery::reclaim: needs the lock. Idempotent.
inline sweep(s) {
    repair_locks(s);
    acquire();
    owns[s] = false;
    release()
}

// ParticipantTable::release_slot, free_slot.
inline reclaim(s) {
    renew(s)
    joined[s] = false;
    unlock_byte(s)
}

// SharedObject::reclaim_all_dead.
inline reclaim_all_dead() {
    do
    :: each < SLOTS ->
        claim_if_dead(each);
        if
        :: d_step { mine -> mine = false }
           sweep(each);
           reclaim(each)
        :: else
        fi;
        each++
    :: d_step { each == SLOTS -> each = 0 } break
    od
}

// ParticipantTable::claim_slot: free slots first, then those of the dead. me == NONE: all are
// taken.
inline claim_slot() {
    do
    :: each < 2 * SLOTS ->
        if
        :: joined[each % SLOTS] == (each >= SLOTS) ->
            if
            :: LOCK_BYTE(each % SLOTS) ->
                if
                :: d_step { joined[each % SLOTS] && each >= SLOTS ->
                            me = each % SLOTS; stale = true; each = 0 }
                   break
                :: d_step { !joined[each % SLOTS] -> me = each % SLOTS; each = 0 }
                   break
                :: joined[each % SLOTS] && each < SLOTS -> unlock_byte(each % SLOTS)
                fi
            :: IS_LOCKED(each % SLOTS)
            fi
        :: else
        fi;
        each++
    :: d_step { each == 2 * SLOTS -> each = 0 } break
    od
}

// SharedObject::own_slot, with ParticipantTable::release_predecessor and publish.
inline join() {
    claim_slot();
    if
    :: d_step { stale -> stale = false; name = NAME(me, epoch[me]) }
#ifndef MUTANT_newcomer_does_not_sweep
       sweep(me);
#endif
#ifndef MUTANT_predecessor_keeps_its_name
       renew(me)
#endif
       joined[me] = false
    :: else
    fi;
    if
    :: me != NONE ->
        // Nothing of the last owner is left to this one.
        assert(!owns[me] && (word == 0 || OWNER_OF(word) != me));
        renew(me)
        d_step { name = NAME(me, epoch[me]); joined[me] = true }
        slot[process] = me
    :: else
    fi
}

inline work() {
    owns[me] = true;  // BlockPool::take
    acquire();
    x++;
    y++;
    release();
    owns[me] = false  // BlockPool::give
}

// OpenObject::close waits until no other thread of the process is inside (OperationGuard), then
// leave() gives back and leaves. Here the last thread does so.
inline close() {
    if
    :: d_step { threads[process] == 1 -> threads[process] = 0 }
       acquire();
       owns[me] = false;
       release();
       slot[process] = NONE;  // ParticipantTable::leave
       reclaim(me)
    :: d_step { threads[process] > 1 -> threads[process]-- }
    fi
}

// provided: a dead process does nothing any more.
proctype Actor(byte actor; byte process) provided (alive[process]) {
    byte me = NONE, name, seen, each, suspect = NONE, count;
    bool mine, stale;
    if
    :: process == LAST ->
        // Nothing can move any more: each living thread has come to its end, none hangs.
        timeout;
        d_step {
            each = 0;
            do
            :: each < ACTORS - 1 ->
                assert(done[each] || !alive[PROCESS_OF(each)]);
                each++
            :: else -> break
            od;
            each = 0
        }
        threads[process] = 1;
        join();
        assert(me != NONE)
#ifdef THREADS
    :: actor == 0 -> threads[process] = 2; join()
    :: actor == 1 ->
        slot[process] != NONE;
        d_step { me = slot[process]; name = NAME(me, epoch[me]) }
    :: actor == 2 -> threads[process] = 1; join()
#else
    // They are all alike: the first is the one that begins first.
    :: process != LAST && (actor == 0 || threads[process - 1] != 0 || done[actor - 1]) ->
        threads[process] = 1;
#ifdef MEMBERS
        if
        :: d_step { process < SLOTS -> me = process; name = NAME(me, 0) }
        :: process >= SLOTS -> join()
        fi
#else
        join()
#endif
#endif
    fi;
    if
#ifdef MEMBERS
    :: me != NONE && process < SLOTS -> work(); close()
    :: me != NONE && process >= SLOTS -> reclaim_all_dead(); work(); close()
#else
    :: me != NONE -> reclaim_all_dead(); work(); close()
#endif
    :: else
    fi;
    if
    :: process == LAST ->
        assert(word == 0 && x == y && !owns[0] && !owns[1] && !owns[SLOTS - 1] &&
               !joined[0] && !joined[1] && !joined[SLOTS - 1])
    :: else -> done[actor] = true
    fi
}

// Kills any process at any time, and stops at any time. atomic: a death is one moment, and the
// kernel takes the dead process from its list of sleepers.
proctype Killer() {
    byte deaths, victim;
    do
    :: deaths < DEATHS ->
        atomic {
            if
            :: alive[0] && threads[0] != 0 -> victim = 0
            :: alive[1] && threads[1] != 0 -> victim = 1
            :: LAST > 2 && alive[2] && threads[2] != 0 -> victim = 2
            fi;
            alive[victim] = false;
            deaths++;
            for (victim : 0 .. ACTORS - 1) {
                if
                :: !alive[PROCESS_OF(victim)] -> asleep[victim] = false
                :: else
                fi
            }
            victim = 0
        }
    :: break
    od
}

init {
    atomic {
        byte each_actor;
        for (each_actor : 0 .. ACTORS - 1) {
            run Actor(each_actor, PROCESS_OF(each_actor))
        }
#ifdef MEMBERS
        for (each_actor : 0 .. SLOTS - 1) {
            byte_lock[each_actor] = each_actor;
            joined[each_actor] = true;
            slot[each_actor] = each_actor
        }
#endif
        run Killer()
    }
}
