//! Journeys: what people do, in the real window, against real servers. One file a journey.

mod window;
