# Help now (output/card.rs).
card-title = HELP NOW
card-no-service = Cairn is not an emergency service. Perhaps nobody reads here right now.
card-call = If you or somebody else is in danger, call your local emergency number, or ask a person near you to call.
card-no-numbers = Your center gave no numbers. Ask for them while you are well.
card-unusable = The card of your center can't be read here. Ask for its numbers while you are well.
card-say = You can say: I need help now.
