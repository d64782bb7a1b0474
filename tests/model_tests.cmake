# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# The protocol as Promela models: every state within small bounds is visited, with death at every
# step. Faults put into the models must be found, so that a model that shows nothing is noticed.
# Included by tests/CMakeLists.txt.
set(check_model sh "${PROJECT_SOURCE_DIR}/tools/check_model.sh")
# No model goes as deep: the search says so if one did, and fails.
set(model_depth 20000)

# model_test(NAME MODEL [DEFINE...]) holds; model_fault(NAME MODEL DEFINE...) is caught. DEFINEs
# that begin with soak: are for PROCESSION_SOAK=1 only, and come last.
function(model_test name model)
    add_test(NAME model.${name} COMMAND ${check_model} ${model_depth}
        "${CMAKE_CURRENT_SOURCE_DIR}/model/${model}.pml" ${ARGN})
    set_tests_properties(model.${name} PROPERTIES LABELS model TIMEOUT 1800)
endfunction()
function(model_fault name model)
    add_test(NAME model.${name}_is_caught COMMAND ${check_model} --caught ${model_depth}
        "${CMAKE_CURRENT_SOURCE_DIR}/model/${model}.pml" ${ARGN})
    set_tests_properties(model.${name}_is_caught PROPERTIES LABELS model TIMEOUT 1800)
endfunction()
# model_mutants(MODEL "DEFINE..." FAULT...)
function(model_mutants model defines)
    foreach(fault IN LISTS ARGN)
        model_fault(${model}_mutant_${fault} ${model} ${defines} MUTANT_${fault})
    endforeach()
endfunction()

model_test(lock lock MEMBERS SLOTS=3 DEATHS=1 WITHOUT_NAMES soak:DEATHS=2)
model_test(lock_of_newcomers lock MEMBERS SLOTS=2 DEATHS=1 soak:DEATHS=2)
model_test(lock_whose_repairers_die lock TWO DEATHS=2)
model_test(lock_of_threads lock THREADS DEATHS=1 WITHOUT_NAMES)
model_test(lock_without_deaths_needs_no_slices lock MEMBERS SLOTS=3 DEATHS=0 WITHOUT_SLICES)
model_fault(lock_without_slices_and_with_a_death lock TWO DEATHS=1 WITHOUT_SLICES)
model_mutants(lock "MEMBERS;SLOTS=3;DEATHS=1" repairs_without_a_claim releases_before_the_repair)
model_mutants(lock "MEMBERS;SLOTS=3;DEATHS=0;WITHOUT_SLICES" enters_without_the_sleepers_bit)
model_mutants(lock "MEMBERS;SLOTS=2;DEATHS=1" predecessor_keeps_its_name)
model_mutants(lock "TWO;DEATHS=2" newcomer_does_not_sweep)
model_mutants(lock "THREADS;DEATHS=1" bytes_do_not_exclude_threads)

model_test(intent intent DEATHS=1)
model_test(intent_whose_repairers_die intent DEATHS=2)
model_mutants(intent DEATHS=1 does_not_look_at_the_epoch ends_before_it_counts
    opens_before_it_describes repairer_leaves_it_open)
model_mutants(intent DEATHS=2 counts_from_what_is_there)

model_test(log log DEATHS=1 soak:DEATHS=2)
model_test(log_with_longer_chunks log RECORDS=2 DEATHS=1)
model_test(log_whose_repairers_die log ITEMS=2 DEATHS=2)
model_mutants(log DEATHS=1 head_leaves_before_the_tail large_items_are_lost_twice
    links_without_an_intent repair_does_not_roll_forward terminator_after_the_head_word
    unlocks_before_the_commit)

model_test(bell_without_deaths_needs_no_slices bell CAPACITY=2 IMPATIENT LOCK_TIMES_OUT
    WITHOUT_SLICES)
model_test(bell_of_a_full_queue_needs_no_slices bell CAPACITY=2 ITEMS=2 WITHOUT_SLICES)
model_test(bell_of_a_shutdown_needs_no_slices bell SHUTS WITHOUT_SLICES)
model_test(bell bell CAPACITY=2 DEATHS=1 IMPATIENT LOCK_TIMES_OUT soak:DEATHS=2)
model_test(bell_of_a_full_queue bell CAPACITY=2 ITEMS=2 DEATHS=2 IMPATIENT LOCK_TIMES_OUT)
model_fault(bell_without_slices_and_with_a_death bell CAPACITY=2 DEATHS=1 WITHOUT_SLICES)
model_mutants(bell "CAPACITY=2;WITHOUT_SLICES" consumer_keeps_the_baton does_not_look_again
    rings_before_the_change woken_does_not_set_the_word_again)
model_mutants(bell "CAPACITY=2;IMPATIENT;LOCK_TIMES_OUT;WITHOUT_SLICES" goes_away_with_the_wake)
model_mutants(bell "SHUTS;WITHOUT_SLICES" word_is_a_flag)
model_mutants(bell "CAPACITY=2;ITEMS=2;WITHOUT_SLICES" producer_keeps_the_baton)

model_test(lease lease WITHOUT_JOINER DEATHS=1 soak:DEATHS=2)
model_test(lease_with_a_joiner lease DEATHS=0 soak:DEATHS=1)
model_test(lease_with_a_joiner_needs_no_slices lease DEATHS=0 WITHOUT_SLICES)
model_mutants(lease "WITHOUT_JOINER;DEATHS=1" counts_a_raced_item_again counts_before_the_commit
    does_not_look_at_passed_again list_is_not_rebuilt scans_before_it_says_passed
    repairer_trusts_a_lease_in_reused_memory)
model_mutants(lease "DEATHS=0;WITHOUT_SLICES" looks_at_the_bell_before_it_counts)

# The runner itself.
add_test(NAME model.a_search_that_is_cut_short_is_no_verdict COMMAND ${check_model} 20
    "${CMAKE_CURRENT_SOURCE_DIR}/model/bell.pml" CAPACITY=2 WITHOUT_SLICES)
add_test(NAME model.a_fault_that_is_not_found_is_told COMMAND ${check_model} --caught ${model_depth}
    "${CMAKE_CURRENT_SOURCE_DIR}/model/bell.pml" CAPACITY=2 WITHOUT_SLICES)
set_tests_properties(model.a_search_that_is_cut_short_is_no_verdict PROPERTIES LABELS model
    TIMEOUT 1800 PASS_REGULAR_EXPRESSION "the search was cut short: no verdict")
set_tests_properties(model.a_fault_that_is_not_found_is_told PROPERTIES LABELS model
    TIMEOUT 1800 PASS_REGULAR_EXPRESSION "the fault was NOT caught")
