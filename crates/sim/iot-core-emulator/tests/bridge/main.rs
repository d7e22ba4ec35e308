//! The rules of the bridge, met by a scripted client: one file per subject.

mod support;

mod a_registry_may_be_the_callers;
mod commands_reach_a_subscriber;
mod configs_are_pushed_until_acknowledged;
mod connections_end_in_time;
mod faults_hit_when_ordered;
mod gateways_speak_for_devices;
mod hostile_bytes_close;
mod orders_have_rates;
mod publishing_follows_the_rules;
mod sockets_carry_the_bridge;
mod the_lab_speaks_mqtt_5;
mod tls_protects_the_same_bridge;
mod tokens_open_the_door;
