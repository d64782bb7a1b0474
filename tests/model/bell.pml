// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// Model: where processes sleep until something may have changed.
//
//   shm::EventCount      src/shm/event_count.h        notify, notify_all, wait, sleep: the word,
//                                                     the slices
//   shm::WakeupRelay     src/shm/wakeup_relay.h       the destructor: wakes another sleeper
//   queue::ProducerSide  src/queue/producer_side.cc   try_put_fast, append_when_room,
//                                                     wait_for_room; after_put: notifies for items;
//                                                     pass_on: for room that is left
//   queue::ConsumerSide  src/queue/consumer_side.cc   take, wait_for_items; after_taking: notifies
//                                                     for room; pass_on: for items that are left
//   queue::SharedQueue   src/queue/shared_queue.cc    shut_down, wake_sleepers
//
// Consumers wait for items, producers for room, each side at an event count, called a `bell` here.
// With SHUTS, process 0 shuts the queue down instead. A killer ends processes between any two
// steps.
//
// What must hold: when nothing can move any more, no living consumer sleeps beside an item and no
// living producer beside room. The guarantee of EventCount has two halves, and both are checked:
//   - without a death no wake-up is lost, and the slices are not needed (WITHOUT_SLICES);
//   - after a death the slices make up for the wake-ups that died with their sender or receiver.
// That the second half needs the slices is shown as a fault that is caught.
//
// The critical sections are one step each: lock.pml shows that there is one owner at a time.

#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef CAPACITY
#define CAPACITY 1
#endif
#ifndef ROUNDS
#define ROUNDS 1  // operations of each process
#endif
#ifndef ITEMS
#define ITEMS 0  // at the beginning
#endif
// Producers are 0 and 1, consumers 2 and 3.
#define PROCESSES 4
#define IS_PRODUCER(p) (p < 2)

#ifdef IMPATIENT
#define PATIENT false  // process 3 may give up waiting at any time
#else
#define PATIENT true
#endif

#define ITEM 0   // State::not_empty
#define SPACE 1  // State::not_full

// ---- shared memory
byte items = ITEMS;  // put and not taken
byte word[2];    // of the event counts: odd while a process may sleep; modulo 16
bool shut;       // State::shutdown

// ---- the kernel
bool alive[PROCESSES] = true;
byte asleep[PROCESSES];  // 0, or the event count at whose word it sleeps, + 1

// ---- what only the checker knows
bool done[PROCESSES];

#define READY(bell) (shut || (bell == ITEM -> items > 0 : items < CAPACITY))

// os::futex_wake(word, 1): the kernel picks one of the sleepers. atomic: a system call.
inline wake_one(bell) {
    atomic {
        if
        :: asleep[0] == bell + 1 -> asleep[0] = 0
        :: asleep[1] == bell + 1 -> asleep[1] = 0
        :: asleep[2] == bell + 1 -> asleep[2] = 0
        :: asleep[3] == bell + 1 -> asleep[3] = 0
        :: else
        fi
    }
}

#ifndef MUTANT_word_is_a_flag
#define RUNG(w) ((w + 1) & 14)  // the next even number, of an odd one
#else
#define RUNG(w) 0
#endif

// EventCount::notify: a load, a compare-exchange, a system call. The first two are one step: when
// the compare-exchange fails, nothing has happened.
inline ring(bell) {
    if
    :: d_step { (word[bell] & 1) == 1 -> word[bell] = RUNG(word[bell]) } wake_one(bell)
    :: else
    fi
}

// EventCount::notify_all.
inline notify_all(bell) {
    d_step { word[bell] = word[bell] | 1; word[bell] = RUNG(word[bell]) }
    atomic { wake_one(bell); wake_one(bell); wake_one(bell) }
}

// SharedQueue::shut_down: the tail lock's critical section, then wake_sleepers.
inline shut_down() {
    shut = true;
    notify_all(ITEM);
    notify_all(SPACE)
}

// EventCount::wait and sleep. Spinning looks at the condition more often, and is left out. A wait
// that may not take longer (`patient` is false) gives up at any time: its deadline passes.
inline wait(bell) {
    do
    ::
#ifndef MUTANT_woken_does_not_set_the_word_again
        d_step { word[bell] = word[bell] | 1; seen = word[bell] }
#else
        if
        :: d_step { first -> word[bell] = word[bell] | 1; seen = word[bell]; first = false }
        :: d_step { !first -> seen = word[bell] }
        fi;
#endif
#ifndef MUTANT_does_not_look_again
        if
        :: READY(bell) -> break
        :: !READY(bell) && !patient -> gave_up = true; break
        :: !READY(bell)
        fi;
#endif
        // os::futex_wait: compares and goes to sleep in one step of the kernel.
        if
        :: d_step { word[bell] == seen -> asleep[me] = bell + 1 }
            if
            :: asleep[me] == 0
#ifndef WITHOUT_SLICES
            // The slice ends. When neither the word nor the condition has changed, the waiter would
            // sleep again in the same state: that end is left out.
            :: d_step { asleep[me] != 0 && (word[bell] != seen || READY(bell)) ->
                        asleep[me] = 0 }
#endif
            fi
        :: word[bell] != seen
        fi
#ifdef MUTANT_does_not_look_again
        ;
        if
        :: READY(bell) -> break
        :: else
        fi
#endif
    od;
    seen = 0
}

// ConsumerSide::take, then after_taking. after_taking looks whether an item is left (has_item_hint)
// when it has notified the producers; the model looks before. An item that comes in between is
// notified by its producer.
inline get() {
    do
    // Under the head lock: take_one.
    :: d_step { items > 0 -> items-- }
        if
        :: items > 0 ->
            ring(SPACE);
#ifndef MUTANT_consumer_keeps_the_baton
            ring(ITEM)
#endif
        :: else -> ring(SPACE)
        fi;
        break
    :: items == 0 && shut -> break
    :: items == 0 && !shut ->
        wait(ITEM);
        if
        :: gave_up -> break
        :: else
        fi
#ifdef LOCK_TIMES_OUT
        ;
        // SharedObject::try_acquire: the deadline passed while another process held the lock. So
        // the WakeupRelay calls pass_on.
        if
        :: !patient ->
#ifndef MUTANT_goes_away_with_the_wake
            if
            :: items > 0 -> ring(ITEM)
            :: else
            fi;
#endif
            gave_up = true;
            break
        :: true
        fi
#endif
    od
}

// ProducerSide::append_when_room, for put_one, or for put_run of one item; then after_put, with
// pass_on.
inline put() {
    do
    :: shut -> break
#ifdef MUTANT_rings_before_the_change
    :: items < CAPACITY && !shut -> ring(ITEM);
        items++;
#else
    :: d_step { items < CAPACITY && !shut -> items++ }
        ring(ITEM);
#endif
#ifndef MUTANT_producer_keeps_the_baton
        if
        :: (word[SPACE] & 1) == 1 ->
            if
            :: items < CAPACITY -> ring(SPACE)
            :: else
            fi
        :: else
        fi;
#endif
        break
    :: items == CAPACITY && !shut -> wait(SPACE)
    od
}

proctype Process(byte me; bool patient) provided (alive[me]) {
    bool gave_up, first = true;
    byte round, seen;
    do
    :: round < ROUNDS && !gave_up ->
        if
#ifdef SHUTS
        :: me == 0 -> shut_down()
        :: me != 0 && IS_PRODUCER(me) -> put()
#else
        :: IS_PRODUCER(me) -> put()
#endif
        :: else -> get()
        fi;
        round++
    :: else -> break
    od;
    done[me] = true
}

// Kills any process at any time, and stops at any time. atomic: a death is one moment, and the
// kernel takes the dead process from its list of sleepers.
proctype Killer() {
    byte deaths;
    do
    :: atomic { deaths < DEATHS ->
            if
            :: alive[0] && !done[0] -> alive[0] = false; asleep[0] = 0
            :: alive[1] && !done[1] -> alive[1] = false; asleep[1] = 0
            :: alive[2] && !done[2] -> alive[2] = false; asleep[2] = 0
            :: alive[3] && !done[3] -> alive[3] = false; asleep[3] = 0
            fi;
            deaths++ }
    :: break
    od
}

proctype Checker() {
    byte each;
    timeout;
    atomic {
        do
        :: each < PROCESSES ->
            assert(done[each] || !alive[each] ||
                   (!shut && (IS_PRODUCER(each) -> items == CAPACITY : items == 0)));
            each++
        :: else -> break
        od
    }
}

init {
    atomic {
        run Process(0, true);
        run Process(1, true);
        run Process(2, true);
        run Process(3, PATIENT);
        run Killer();
        run Checker()
    }
}
