// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// Model: the log of a plain queue, over a pool whose blocks are used again.
//
//   queue::LogTail       src/queue/log_tail.h, log_tail.cc   append, link, begin_publish, repair
//   queue::LogHead       src/queue/log_head.h, log_head.cc   front, advance, leave_chunk,
//                                                            finish_leaving, shows_a_record,
//                                                            repair, took_inline_uncounted
//   queue::ProducerSide  src/queue/producer_side.cc          put_slow, store_outside, put_one,
//                                                            ensure_chunk, append
//   queue::ConsumerSide  src/queue/consumer_side.cc          take, settle, take_one, complete,
//                                                            retire
//   queue::LeaseTable    src/queue/lease_table.cc            retire
//   queue::SharedQueue   src/queue/shared_queue.cc           take_block, give_block
//   queue::Recovery      src/queue/recovery.cc               repair, reclaim, free_blocks_of
//   shm::SharedObject    src/shm/shared_object_deaths.cc     repair_locks, reclaim_dead,
//                                                            reclaim_all_dead
//
// Producers put small items and large ones (in a block of their own); a consumer takes them. The
// log's chunks hold RECORDS records, so that it goes on in new chunks all the time, and what is
// freed is taken again at once and overwritten. A killer ends processes between any two steps,
// repairers included.
//
// What must hold, in every state:
//   - items are taken in the order of their commits, each once (order[]);
//   - no process ever reads as a record what is none (shm::Corrupt);
//   - put() returned: the item is committed; counts are exact whenever their lock is free;
//   - lost_in_hand counts no item twice when one process dies;
//   - no process waits for ever;
//   - afterwards a fresh participant drains the rest, and only the log's current chunk is in use.
//
// Two things are proved elsewhere and one step here: that a lock has one owner, and that the holder
// of the claim on a dead process is alone (lock.pml); and that a block changes hands by one store
// to its entry in the unit table, everything else of the pool being rebuilt from it (BlockPool).

// ---- bounds
#ifndef RECORDS
#define RECORDS 1
#endif
#ifndef DEATHS
#define DEATHS 2
#endif
#define BLOCKS 3
#define WORDS (RECORDS + 1)  // the last one only ends the chunk or names the next
// Producers 0 and 1, a consumer, and the fresh participant, which comes last and does not die.
#define CONSUMER 2
#define LAST 3
#define PROCESSES 4
#ifndef ITEMS
#define ITEMS 3
#endif
#define LARGE (ITEMS - 1)  // producer 1 puts this one; producer 0 the small ones before it

#define NONE 15
#define GARBAGE 99                       // what a payload leaves in a block
#define LINK 32                          // RecordHead with kNextChunk: LINK + chunk
#define HEAD_OF(item) (item + 1)         // RecordHead with kCommitted
#define IS_LINK(w) (w >= LINK && w < LINK + BLOCKS)
#define CHUNK_OF(p) (p / WORDS)
#define LINKING 77                       // TailIntent::link_chunk

mtype = { FREE, OWNED, CHUNK, QUEUED, HELD };  // shm::BlockState

// ---- shared memory
byte word[BLOCKS * WORDS];   // the first word of each place for a record
byte ref[BLOCKS * WORDS];    // the payload of an outside record: its block
byte first_count[BLOCKS];    // ChunkHeader::first_count
mtype state[BLOCKS] = FREE;  // the unit table: state and owner, one word
byte owner[BLOCKS];
byte tail_lock = NONE, head_lock = NONE;
byte tail_pos, tail_count, op_block = NONE, op_count;            // TailState, its intent
byte head_pos, head_count, retiring = NONE, retiring_first;      // HeadState, its leaving
byte lost_in_hand;
bool reclaimed[PROCESSES];      // ParticipantSlot::state is kFreeSlot again

// ---- the kernel
bool alive[PROCESSES] = true;
byte claim[PROCESSES] = NONE;  // which process repairs after this one, while it lives

// ---- what only the checker knows
byte order[ITEMS], committed;  // items in the order of their commits
byte taken, in_dead_hands;     // items past the head; those that a taker died with
byte in_hand[PROCESSES];       // taken and not yet returned by get()
bool done[PROCESSES];

#define DEAD(p) (!alive[p] && !reclaimed[p])
// ParticipantTable::try_claim of a dead one: lock.pml has the steps.
#define CLAIM(p) \
    d_step { DEAD(p) && (claim[p] == NONE || !alive[claim[p]]) -> claim[p] = me }
#define TAIL_STANDS_IN(c) (CHUNK_OF(tail_pos) == c)

// ---- repair, by the holder of the claim

// LogTail::repair. It reads only what cannot change while the dead process holds the tail lock, so
// the walk is one step; that it walks over records is what is asserted.
inline repair_tail(dead) {
    d_step {
        at = tail_pos;
#ifndef MUTANT_repair_does_not_roll_forward
        do
        :: word[at] == 0 -> break
        :: IS_LINK(word[at]) ->
            assert(CHUNK_OF(at) == CHUNK_OF(tail_pos));  // one link behind at most
            at = (word[at] - LINK) * WORDS
        :: else -> assert(word[at] <= ITEMS && at % WORDS < RECORDS); at++
        od;
#endif
        // Records::counted_before: the chunk's first count and the records before the position.
        assert(state[CHUNK_OF(at)] == CHUNK);
        sum = first_count[CHUNK_OF(at)] + at % WORDS
    }
    if
    :: op_block != NONE && (op_count == LINKING -> CHUNK_OF(at) != op_block : sum <= op_count) ->
        // Announced, not published: the dead process's again, for reclaim. BlockPool::set, one
        // store.
        d_step { state[op_block] = OWNED; owner[op_block] = dead }
    :: else
    fi;
    tail_pos = at;
    tail_count = sum;
    op_block = NONE;
    d_step { at = 0; sum = 0; assert(tail_count == committed) }
}

// LogHead::took_inline_uncounted and repair, with Recovery::repair around them. lost_in_hand stands
// for the tallies kLostAtHead and kLostInBlocks that DeathLog notes of each death; that its notes
// are exact when repairers die, too, is not modelled.
inline repair_head(dead) {
    if
    :: word[head_pos] > LARGE && word[head_pos] <= ITEMS && state[ref[head_pos]] == HELD ->
        // Marked by the dead process, which had not committed. BlockPool::set, one store.
        state[ref[head_pos]] = QUEUED
    :: else
    fi;
    d_step {
        assert(state[CHUNK_OF(head_pos)] == CHUNK);
        sum = first_count[CHUNK_OF(head_pos)] + head_pos % WORDS
    }
    if
    // A small item was taken and not counted: the dead process had not delivered it. (The block of
    // a large one still is HELD, and reclaim counts it.)
#ifdef MUTANT_large_items_are_lost_twice
    :: sum != head_count -> head_count = sum; lost_in_hand++
#else
    :: sum != head_count && word[head_pos - 1] <= LARGE -> head_count = sum; lost_in_hand++
    :: sum != head_count && word[head_pos - 1] > LARGE -> head_count = sum
#endif
    :: else
    fi;
    d_step { sum = 0; assert(head_count == taken) }
}

// SharedObject::repair_locks.
inline repair_locks(dead) {
    if
    :: tail_lock == dead -> repair_tail(dead); assert(tail_lock == dead); tail_lock = NONE
    :: else
    fi;
    if
    :: head_lock == dead -> repair_head(dead); assert(head_lock == dead); head_lock = NONE
    :: else
    fi
}

// SharedObject::reclaim_dead with Recovery::reclaim and free_blocks_of, then
// ParticipantTable::release_slot.
inline sweep(dead) {
    repair_locks(dead);
    acquire_head();
    finish_retiring();
    do
    :: b < BLOCKS ->
        if
        // BlockPool::give: one store to the table.
        :: state[b] == OWNED && owner[b] == dead -> state[b] = FREE
        :: state[b] == HELD && owner[b] == dead ->
            lost_in_hand++;
            state[b] = FREE
        :: else
        fi;
        b++
    :: d_step { b == BLOCKS -> b = 0 } break
    od;
    head_lock = NONE;
    reclaimed[dead] = true
}

// RobustLock::acquire: a process that waits for a dead owner repairs after it
// (SharedObject::check_owner).
inline acquire_tail() {
    do
    :: d_step { tail_lock == NONE -> tail_lock = me } break
    :: d_step { tail_lock != NONE && DEAD(tail_lock) && (claim[tail_lock] == NONE ||
                !alive[claim[tail_lock]]) -> d = tail_lock; claim[d] = me }
        repair_locks(d);
        d_step { claim[d] = NONE; d = 0 }
    od
}
inline acquire_head() {
    do
    :: d_step { head_lock == NONE -> head_lock = me } break
    :: d_step { head_lock != NONE && DEAD(head_lock) && (claim[head_lock] == NONE ||
                !alive[claim[head_lock]]) -> e = head_lock; claim[e] = me }
        repair_locks(e);
        d_step { claim[e] = NONE; e = 0 }
    od
}

// SharedObject::reclaim_all_dead, of one.
inline notice_one() {
    if
    :: CLAIM(0) -> d = 0
    :: CLAIM(1) -> d = 1
    :: CLAIM(CONSUMER) -> d = CONSUMER
    fi;
    sweep(d);
    d_step { claim[d] = NONE; d = 0 }
}

// ---- producers

// SharedQueue::take_block: NONE when there is no memory. Any free block, since the pool chooses;
// one store to the table makes it the taker's.
inline take_block() {
    if
    :: d_step { state[0] == FREE -> b = 0; state[b] = OWNED; owner[b] = me }
    :: d_step { state[1] == FREE -> b = 1; state[b] = OWNED; owner[b] = me }
    :: d_step { state[2] == FREE -> b = 2; state[b] = OWNED; owner[b] = me }
    :: d_step { state[0] != FREE && state[1] != FREE && state[2] != FREE -> b = NONE }
    fi
}

// ProducerSide::store_outside: the payload fills the whole block. d_step: no other process may look
// into it. Its number stays in `outside`.
inline fill() {
    d_step {
        first_count[b] = GARBAGE;
        at = 0;
        do
        :: at < WORDS -> word[b * WORDS + at] = GARBAGE; ref[b * WORDS + at] = GARBAGE; at++
        :: else -> break
        od;
        at = 0;
        outside = b;
        b = 0
    }
}

// RobustLock::acquire, then ProducerSide::ensure_chunk with LogTail::needs_chunk and link. `b` is
// NONE when there is no memory.
inline enter_log() {
    acquire_tail();
    if
    :: tail_pos % WORDS == RECORDS ->
        take_block();
        if
        :: b != NONE ->
            // No other process may look into it before it is linked: one step.
            d_step { first_count[b] = tail_count; word[b * WORDS] = 0 }
#ifndef MUTANT_links_without_an_intent
            // Intent::begin: two stores, of which the first means nothing without the second.
            d_step { op_count = LINKING; op_block = b }
#endif
            state[b] = CHUNK;
            word[tail_pos] = LINK + b;
            tail_pos = b * WORDS;
            op_block = NONE
        :: else
        fi
    :: else
    fi
}

// LogTail::append. The commit is one store; order[] is the checker's.
#define COMMIT(item) \
    d_step { word[tail_pos] = HEAD_OF(item); order[committed] = item; committed++ }
inline append(item, block) {
    // The payload and the word that ends the log: no process looks behind a head word that is 0.
#ifdef MUTANT_terminator_after_the_head_word
    ref[tail_pos] = block;
    COMMIT(item);
    word[tail_pos + 1] = 0;
#else
    d_step { ref[tail_pos] = block; word[tail_pos + 1] = 0 }
#ifdef MUTANT_unlocks_before_the_commit
    tail_lock = NONE;
#endif
    COMMIT(item);
#endif
    tail_pos = tail_pos + 1;
    tail_count = tail_count + 1
}
inline release_tail() {
#ifndef MUTANT_unlocks_before_the_commit
    // The exchange; the rest is the checker's.
    d_step { assert(tail_lock == me && tail_count == committed); b = 0; tail_lock = NONE }
#else
    b = 0
#endif
}

// ProducerSide::put_one, append of a small item.
inline put_small(item) {
    enter_log();
    if
    :: b != NONE -> append(item, NONE)
    :: else  // MemoryError
    fi;
    release_tail()
}

// ProducerSide::put_slow, store_outside, put_one, append of a large one, with
// LogTail::begin_publish and end_publish.
inline put_large(item) {
    take_block();
    if
    :: b != NONE ->
        fill();
        enter_log();
        if
        :: b != NONE ->
            // Intent::begin: as above.
            d_step { op_count = tail_count; op_block = outside }
            d_step { assert(state[outside] == OWNED); state[outside] = QUEUED }
            append(item, outside);
            op_block = NONE;
            release_tail()
        :: else ->
            release_tail();
            state[outside] = FREE  // SharedQueue::give_block
        fi
    :: else
    fi
}

// ---- the consumer

// ConsumerSide::retire with LeaseTable::retire of a plain queue, under the memory lock: one store
// frees. d_step: a process that wants to change the table waits for that lock.
inline retire() {
    d_step {
        if
        :: state[retiring] == CHUNK && first_count[retiring] == retiring_first ->
            state[retiring] = FREE
        :: else
        fi
    }
}
// LogHead::finish_leaving, ConsumerSide::settle.
inline finish_retiring() {
    if
    :: retiring != NONE ->
        if
        :: CHUNK_OF(head_pos) != retiring -> retire()
        :: else
        fi;
        retiring = NONE
    :: else
    fi
}

// LogHead::front and ConsumerSide::take_one; `got` is the item, or NONE.
inline claim_front() {
    got = NONE;
    do
    :: word[head_pos] == 0 -> break
#ifndef MUTANT_head_leaves_before_the_tail
    :: IS_LINK(word[head_pos]) && TAIL_STANDS_IN(CHUNK_OF(head_pos)) -> break
    :: IS_LINK(word[head_pos]) && !TAIL_STANDS_IN(CHUNK_OF(head_pos)) ->
        assert(head_pos % WORDS != 0);  // no chunk without records is left
#else
    :: IS_LINK(word[head_pos]) ->
#endif
        // LogHead::leave_chunk: three stores, of which the first means nothing without the second.
        d_step { retiring_first = first_count[CHUNK_OF(head_pos)]; retiring = CHUNK_OF(head_pos) }
        head_pos = (word[head_pos] - LINK) * WORDS;
        finish_retiring()
    :: word[head_pos] != 0 && !IS_LINK(word[head_pos]) ->
        // The record's check is the low bits of its number: it is the item that is due.
        d_step { assert(word[head_pos] <= ITEMS && head_count < committed);
                 got = word[head_pos] - 1;
                 assert(got == order[head_count] && head_count == taken) }
        if
        :: got >= LARGE ->
            d_step { outside = ref[head_pos]; assert(state[outside] == QUEUED);
                     state[outside] = HELD; owner[outside] = me }
        :: else  // its payload is copied: memory of this process
        fi;
        // LogHead::advance: the commit
        d_step { head_pos = head_pos + 1; taken++; in_hand[me]++ }
        head_count = head_count + 1;
        break
    od
}

// ConsumerSide::take, complete. Ends with `got`.
inline try_get() {
    acquire_head();
    finish_retiring();
    claim_front();
    atomic { assert(head_count == taken); head_lock = NONE }
    if
    // complete: SharedQueue::give_block; then get() returns.
    :: outside != NONE -> d_step { state[outside] = FREE; outside = NONE }
    :: else
    fi;
    if
    :: got != NONE -> in_hand[me]--
    :: else
    fi
}

// LogHead::shows_a_record.
#ifdef MUTANT_head_leaves_before_the_tail
#define SHOWS_A_RECORD (word[head_pos] != 0)
#else
#define SHOWS_A_RECORD (word[head_pos] != 0 && \
    !(IS_LINK(word[head_pos]) && TAIL_STANDS_IN(CHUNK_OF(head_pos))))
#endif
#define NO_PRODUCERS ((done[0] || !alive[0]) && (done[1] || !alive[1]))

proctype Producer(byte me) provided (alive[me]) {
    byte b, at, sum, d, e, outside = NONE;
    if
#if ITEMS > 2
    :: me == 0 -> put_small(0); put_small(1)
#else
    :: me == 0 -> put_small(0)
#endif
    :: me == 1 -> put_large(LARGE)
    fi;
    done[me] = true
}

proctype Consumer(byte me) provided (alive[me]) {
    byte b, at, sum, d, e, outside = NONE, got;
    do
    :: SHOWS_A_RECORD -> try_get(); got = 0
    // EventCount::wait: at the end of a slice it looks for deaths (SharedObject::on_wait_timeout).
    :: !SHOWS_A_RECORD && (DEAD(0) || DEAD(1)) -> notice_one()
    :: !SHOWS_A_RECORD && NO_PRODUCERS -> break
    od;
    done[me] = true
}

proctype Last(byte me) {
    byte b, at, sum, d, e, outside = NONE, got;
    timeout;
    // Nothing can move any more: each living process has come to its end, none hangs.
    assert((done[0] || !alive[0]) && (done[1] || !alive[1]) && (done[2] || !alive[2]));
    do
    :: DEAD(0) || DEAD(1) || DEAD(2) -> notice_one()
    :: else -> break
    od;
    do
    :: try_get();
       if
       :: got == NONE -> break
       :: else
       fi
    od;
    atomic {
        assert(taken == committed && tail_count == committed && head_count == committed);
        // An item that a dead consumer had taken is lost, and counted at most once.
        assert(lost_in_hand <= in_hand[CONSUMER] || DEATHS > 1);
        assert(tail_lock == NONE && head_lock == NONE);
        assert(CHUNK_OF(head_pos) == CHUNK_OF(tail_pos));
        do
        :: b < BLOCKS -> assert(state[b] == (b == CHUNK_OF(tail_pos) -> CHUNK : FREE)); b++
        :: else -> break
        od
    }
}

// Kills any process at any time, and stops at any time. atomic: a death is one moment.
proctype Killer() {
    byte deaths;
    do
    :: atomic { deaths < DEATHS ->
            if
            :: alive[0] && !done[0] -> alive[0] = false
            :: alive[1] && !done[1] -> alive[1] = false
            :: alive[CONSUMER] && !done[CONSUMER] -> alive[CONSUMER] = false
            fi;
            deaths++ }
    :: break
    od
}

init {
    atomic {
        state[0] = CHUNK;
        run Producer(0);
        run Producer(1);
        run Consumer(CONSUMER);
        run Last(LAST);
        run Killer()
    }
}
