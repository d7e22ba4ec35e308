//! Real brokers from Debian's packages, on loopback: the same application code, another endpoint.
//!
//! A broker that is not installed is passed over, loudly. With `REQUIRE_BROKERS=1` that is a failure.

#[path = "brokers/application.rs"]
mod application;
#[path = "brokers/host.rs"]
mod host;
#[path = "brokers/mosquitto.rs"]
mod mosquitto;
#[cfg(feature = "minimq")]
#[path = "brokers/mosquitto_5.rs"]
mod mosquitto_5;
#[path = "brokers/rabbitmq.rs"]
mod rabbitmq;
