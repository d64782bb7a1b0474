// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// Model: an intent, and the repair after a death at any of its stores.
//
//   shm::Intent   src/shm/intent.h   begin, end, is_open, epoch, value
//   its users     src/queue/         see "Intents" in ARCHITECTURE.md
//
// Writers take a lock, describe what they are about to do, open the intent, commit by a store to
// the subject, count the commit, and end the intent. As soon as the subject is committed, another
// process may use its memory again, for a subject of the next epoch. A killer ends processes
// between any two steps, repairers included.
//
// What must hold, in every state:
//   - never more is counted than was committed;
//   - a subject is committed once;
//   - afterwards as much is counted as was committed, and the intent is closed.
//
// Locks and claims are one step each (lock.pml).

#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef EPOCHS
#define EPOCHS 3
#endif
// Writers 0 and 1, and the fresh participant, which comes last and does not die.
#define WRITERS 2
#define LAST 2
#define NONE 15

// ---- shared memory
bool is_open;                      // Intent::what_: kind and subject, one store
byte described_epoch, value;       // Intent::epoch_, values_
byte count;                        // what follows from a commit
bool committed;                    // the subject: its lease, or its block's entry
byte epoch;                        // the subject's memory: how often it was used again,
bool in_use = true;                // and whether it is in use
byte lock = NONE;
bool reclaimed[WRITERS + 1];

// ---- the kernel
bool alive[WRITERS + 1] = true;
byte claim[WRITERS + 1] = NONE;

// ---- what only the checker knows
byte commits;
bool done[WRITERS + 1];

#define DEAD(p) (!alive[p] && !reclaimed[p])
#define CLAIMABLE(p) (DEAD(p) && (claim[p] == NONE || !alive[claim[p]]))

inline begin() {
#ifdef MUTANT_opens_before_it_describes
    is_open = true;
    value = count;
    described_epoch = epoch
#else
    value = count;
    described_epoch = epoch;
    is_open = true
#endif
}

// What follows from a commit. Idempotent: from the value of before.
inline apply() {
#ifdef MUTANT_counts_from_what_is_there
    count++;
#else
    count = value + 1;
#endif
    assert(count <= commits)
}

inline end() { is_open = false }

inline repair() {
    if
    :: is_open ->
        if
        // The looks at the subject: its memory is in use, of the same epoch, and not committed.
#ifdef MUTANT_does_not_look_at_the_epoch
        :: d_step { in_use && !committed }
#else
        :: d_step { in_use && epoch == described_epoch && !committed }
#endif
        :: else -> apply()
        fi;
#ifndef MUTANT_repairer_leaves_it_open
        end()
#else
        skip
#endif
    :: else
    fi
}

inline check_owner(p) {
    if
    :: d_step { CLAIMABLE(p) -> claim[p] = me; d = p }
        if
        :: lock == d ->
            repair();
            lock = NONE
        :: else
        fi;
        reclaimed[d] = true;
        d_step { claim[d] = NONE; d = 0 }
    :: else
    fi
}

inline write() {
    do
    :: d_step { lock == NONE -> lock = me } break
    :: lock == 0 && CLAIMABLE(0) -> check_owner(0)
    :: lock == 1 && CLAIMABLE(1) -> check_owner(1)
    od;
    if
    :: in_use && !committed ->
        begin();
        d_step { assert(in_use && !committed); committed = true; commits++ }
#ifdef MUTANT_ends_before_it_counts
        end();
        apply()
#else
        apply();
        end()
#endif
    :: else
    fi;
    lock = NONE
}

proctype Writer(byte me) provided (alive[me]) {
    byte d;
    do
    :: in_use && !committed -> write()
    :: CLAIMABLE(0) -> check_owner(0)
    :: CLAIMABLE(1) -> check_owner(1)
    :: commits == EPOCHS -> break
    od;
    done[me] = true
}

// Frees the memory of what is committed, and uses it again. BlockPool marks a block as in use last.
proctype Reuser() {
    do
    :: d_step { in_use && committed && epoch + 1 < EPOCHS -> in_use = false }
        epoch++;
        committed = false;
        in_use = true
    :: epoch + 1 == EPOCHS -> break
    od
}

proctype Last(byte me) {
    byte d;
    timeout;
    do
    :: CLAIMABLE(0) -> check_owner(0)
    :: CLAIMABLE(1) -> check_owner(1)
    :: in_use && !committed && !CLAIMABLE(0) && !CLAIMABLE(1) -> write()
    :: else -> break
    od;
    timeout;
    do
    :: in_use && !committed -> write()
    :: else -> break
    od;
    timeout;
    assert(!is_open && lock == NONE);
    assert(count == commits);
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
        run Writer(0);
        run Writer(1);
        run Reuser();
        run Last(LAST);
        run Killer()
    }
}
