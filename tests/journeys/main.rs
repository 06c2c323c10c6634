//! Journeys: what people do, in the real window, against real servers. One file a journey.

mod answering_a_mail;
mod erasing_a_customer;
mod feedback_without_a_name;
mod invited_and_signed_out;
mod looking_around;
mod mails_from_the_wild;
mod notified_of_what_is_mine;
mod office;
mod one_customer_three_channels;
mod reading_mail;
mod restored_from_a_backup;
mod split_and_merged;
mod two_desks;
mod two_write_at_once;
mod window;
mod work_that_came_back;
mod working_without_the_server;
