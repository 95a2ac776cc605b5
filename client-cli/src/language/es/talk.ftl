# The conversation and the choices behind ? (update/talk.rs).
talk-moment = Un momento.
