# The conversation and the choices behind ? (update/talk.rs).
talk-moment = One moment.
