# Help now (output/card.rs).
card-title = HELP NOW
card-no-service = Cairn is not an emergency service. Perhaps nobody reads here right now.
card-call = If you or somebody else is in danger, call your local emergency number, or ask a person near you to call.
card-no-numbers = Your center has given this program no telephone numbers, so none stand here. Ask for them while you
    are well, and keep them beside your telephone.
card-unusable = The card of your center can't be read here, so none of its numbers stand here. Ask for them while you
    are well, and keep them beside your telephone.
card-say = You can say: I need help now.
