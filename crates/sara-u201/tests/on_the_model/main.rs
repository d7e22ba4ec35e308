//! The driver on the model of the modem: one file per scenario, named by what must hold.

mod support;

mod a_certificate_is_sent_only_once;
mod a_closed_peer_is_seen_after_its_last_byte;
mod a_dropped_future_loses_nothing;
mod a_foreign_certificate_is_refused;
mod a_modem_comes_up_from_power_off;
mod a_refused_connection_says_why;
mod a_wrong_pin_is_tried_once;
mod an_unset_clock_is_told;
mod data_arrives_bit_exact;
mod every_fault_is_survived;
mod everything_of_the_original_has_its_place;
mod lost_urcs_cost_only_time;
mod messages_survive_their_content;
mod no_network_ends_in_a_reason;
mod polled_stacks_never_wait;
mod refused_packet_data_says_why;
mod several_tasks_use_the_modem;
mod tasks_are_told_what_went_wrong;
mod tasks_survive_every_fault;
